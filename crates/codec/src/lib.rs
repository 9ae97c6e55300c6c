//! Speech codecs behind one enum.
