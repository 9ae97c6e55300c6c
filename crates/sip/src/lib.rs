//! SIP without I/O: messages, transactions, dialogs, offer and answer, registration.
