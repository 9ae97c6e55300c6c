//! Dialogs and the sessions that live on them.

mod state;

pub use state::{Dialog, MAX_ROUTES, NextHop, Stage};
