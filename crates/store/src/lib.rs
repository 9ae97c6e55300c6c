//! State that survives: call records, event log, configuration revisions.
