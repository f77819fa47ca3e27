//! Our log over the KurrentDB gRPC protocol, so that any KurrentDB client reads and follows our events.
