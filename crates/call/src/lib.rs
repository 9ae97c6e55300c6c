//! Calls on a line: dial plan, routes, digits, features, call records.
