"""One module a section of the report: a function of the source that returns what the section says, None where it has nothing to say."""
