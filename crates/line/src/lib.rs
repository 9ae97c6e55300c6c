//! FXS signalling: loop detection, ring and ring trip, caller identity, supervision.
