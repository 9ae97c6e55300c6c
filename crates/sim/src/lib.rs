//! The line laboratory: loop plant, telephones, SIP peers, network, flows, explorer.
