//! The built-in registrar, RFC 3261 §10.3.

/// A user of the built-in registrar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct User {
    /// The name before the `@`.
    pub name: String,
    /// The secret.
    pub password: String,
}
