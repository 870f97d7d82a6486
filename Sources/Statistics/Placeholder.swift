// Placeholder: replaced by the first source.
