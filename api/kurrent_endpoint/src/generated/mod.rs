//! The protocol's messages and services as prost and tonic generate them; never edited by hand.
//!
//! `PROVENANCE.md` beside this file says from what, under which license and by which command.

pub mod event_store {
    pub mod client {
        include!("event_store.client.rs");
        pub mod streams {
            include!("event_store.client.streams.rs");
        }
        pub mod gossip {
            include!("event_store.client.gossip.rs");
        }
        pub mod server_features {
            include!("event_store.client.server_features.rs");
        }
    }
}
pub mod google {
    pub mod protobuf {
        include!("google.protobuf.rs");
    }
    pub mod rpc {
        include!("google.rpc.rs");
    }
}
