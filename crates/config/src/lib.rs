//! Configuration: typed tree, check, effective form, edits and apply classes.
