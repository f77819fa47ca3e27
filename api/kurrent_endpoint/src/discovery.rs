//! The first calls of a client: the supported methods, and the nodes of the cluster.

use crate::generated::event_store::client::gossip::gossip_server::Gossip;
use crate::generated::event_store::client::gossip::member_info::VNodeState;
use crate::generated::event_store::client::gossip::{ClusterInfo, EndPoint, MemberInfo};
use crate::generated::event_store::client::server_features::server_features_server::ServerFeatures;
use crate::generated::event_store::client::server_features::{SupportedMethod, SupportedMethods};
use crate::generated::event_store::client::{Uuid as WireUuid, uuid as wire_uuid};
use domain::ids::NAMESPACE;
use domain::ports::clock::Clock;
use std::sync::Arc;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Request, Response, Status};

/// The protocol level, as the version of the KurrentDB server with these messages: it introduced CaughtUp and
/// FellBehind with positions. Clients parse digits and dots.
const PROTOCOL_VERSION: &str = "25.0.0";

const STREAMS: &str = "event_store.client.streams.streams";

/// Implements ServerFeatures and Gossip.
#[derive(Clone)]
pub(crate) struct Discovery {
    pub(crate) append: bool,
    pub(crate) clock: Arc<dyn Clock>,
}

#[tonic::async_trait]
impl ServerFeatures for Discovery {
    async fn get_supported_methods(
        &self,
        _request: Request<()>,
    ) -> Result<Response<SupportedMethods>, Status> {
        let mut methods = vec![
            method("read", STREAMS),
            method("read", "event_store.client.gossip.gossip"),
            method(
                "getsupportedmethods",
                "event_store.client.server_features.serverfeatures",
            ),
        ];
        if self.append {
            methods.extend([method("append", STREAMS), method("batchappend", STREAMS)]);
        }
        Ok(Response::new(SupportedMethods {
            methods,
            event_store_server_version: PROTOCOL_VERSION.to_owned(),
        }))
    }
}

fn method(name: &str, service: &str) -> SupportedMethod {
    SupportedMethod {
        method_name: name.to_owned(),
        service_name: service.to_owned(),
        features: Vec::new(),
    }
}

#[tonic::async_trait]
impl Gossip for Discovery {
    /// Returns the cluster as one node, its leader, at the address that the caller reached.
    async fn read(&self, request: Request<()>) -> Result<Response<ClusterInfo>, Status> {
        let local = request
            .extensions()
            .get::<TcpConnectInfo>()
            .and_then(TcpConnectInfo::local_addr);
        let Some(address) = local else {
            return Err(Status::unavailable("the connection has no address"));
        };
        let micros = self.clock.now().micros();
        Ok(Response::new(ClusterInfo {
            members: vec![MemberInfo {
                instance_id: Some(WireUuid {
                    value: Some(wire_uuid::Value::String(NAMESPACE.to_string())),
                }),
                time_stamp: micros.saturating_mul(10),
                state: VNodeState::Leader.into(),
                is_alive: true,
                http_end_point: Some(EndPoint {
                    address: address.ip().to_string(),
                    port: u32::from(address.port()),
                }),
            }],
        }))
    }
}
