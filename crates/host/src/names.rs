//! DNS for the control plane.

use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::proto::rr::RData;
use tipring_sip::agent::{Answer, Question, SrvRecord};

/// Asks DNS, and gives up after this long in all.
const PATIENCE: Duration = Duration::from_secs(10);

/// A resolver with the system's name servers; `None` if the system names none.
pub fn resolver() -> Option<TokioResolver> {
    TokioResolver::builder_tokio().ok()?.build().ok()
}

/// Answers one question.
pub async fn resolve(resolver: Option<TokioResolver>, question: Question) -> Answer {
    resolve_within(PATIENCE, resolver, question).await
}

async fn resolve_within(patience: Duration, resolver: Option<TokioResolver>, question: Question) -> Answer {
    let Some(resolver) = resolver else { return Answer::Failed };
    match tokio::time::timeout(patience, ask(&resolver, question)).await {
        Ok(answer) => answer,
        Err(_) => Answer::Failed,
    }
}

async fn ask(resolver: &TokioResolver, question: Question) -> Answer {
    match question {
        Question::Srv(name) => match resolver.srv_lookup(name).await {
            Ok(found) => {
                let records: Vec<SrvRecord> = found
                    .answers()
                    .iter()
                    .filter_map(|record| match &record.data {
                        RData::SRV(srv) => Some(SrvRecord {
                            priority: srv.priority,
                            weight: srv.weight,
                            port: srv.port,
                            target: srv.target.to_utf8().trim_end_matches('.').to_owned(),
                        }),
                        _ => None,
                    })
                    .collect();
                if records.is_empty() { Answer::NotFound } else { Answer::Srv(records) }
            }
            Err(why) => failure(&why),
        },
        Question::Address(name) => match resolver.lookup_ip(name).await {
            Ok(found) => {
                let addresses: Vec<_> = found.iter().collect();
                if addresses.is_empty() { Answer::NotFound } else { Answer::Addresses(addresses) }
            }
            Err(why) => failure(&why),
        },
    }
}

fn failure(why: &hickory_resolver::net::NetError) -> Answer {
    if why.is_no_records_found() || why.is_nx_domain() { Answer::NotFound } else { Answer::Failed }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
    use hickory_resolver::net::runtime::TokioRuntimeProvider;
    use tokio::net::UdpSocket;

    use super::*;

    const A: u16 = 1;
    const AAAA: u16 = 28;
    const SRV: u16 = 33;

    /// The data of records of `kind` for `name`; `None` if there is no such name.
    fn zone(name: &str, kind: u16) -> Option<Vec<Vec<u8>>> {
        let srv = |priority: u16, weight: u16, port: u16, target: &str| {
            let mut data: Vec<u8> = [priority, weight, port].iter().flat_map(|n| n.to_be_bytes()).collect();
            for label in target.split('.') {
                data.push(label.len() as u8);
                data.extend(label.bytes());
            }
            data.push(0);
            data
        };
        Some(match (name, kind) {
            ("pbx.test", A) => vec![vec![192, 0, 2, 7], vec![192, 0, 2, 8]],
            ("six.test", AAAA) => vec![Ipv6Addr::LOCALHOST.octets().to_vec()],
            ("_sip._udp.house.test", SRV) => {
                vec![
                    srv(20, 0, 5062, "late.house.test"),
                    srv(10, 60, 5060, "a.house.test"),
                    srv(10, 40, 5061, "b.house.test"),
                ]
            }
            ("pbx.test" | "six.test" | "bare.test", _) => Vec::new(),
            _ => return None,
        })
    }

    /// The answer of a name server to a query; nothing for names that end in `.silent`.
    fn answer(query: &[u8]) -> Option<Vec<u8>> {
        let mut labels = Vec::new();
        let mut at = 12;
        while query[at] != 0 {
            let length = usize::from(query[at]);
            labels.push(String::from_utf8_lossy(&query[at + 1..at + 1 + length]).to_lowercase());
            at += 1 + length;
        }
        let name = labels.join(".");
        if name.ends_with(".silent") {
            return None;
        }
        let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
        let question = &query[12..at + 5];
        let found = zone(&name, kind);
        let code = if found.is_some() { 0x80 } else { 0x83 };
        let found = found.unwrap_or_default();
        let mut reply = vec![query[0], query[1], 0x85, code, 0, 1, 0, found.len() as u8, 0, 0, 0, 0];
        reply.extend(question);
        for data in found {
            reply.extend([0xc0, 12]);
            reply.extend(kind.to_be_bytes());
            reply.extend([0, 1, 0, 0, 0, 60]);
            reply.extend((data.len() as u16).to_be_bytes());
            reply.extend(data);
        }
        Some(reply)
    }

    /// A resolver that asks a name server of ours.
    async fn resolver() -> Option<TokioResolver> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = socket.local_addr().unwrap().port();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                if let Some(reply) = answer(&buffer[..length]) {
                    socket.send_to(&reply, from).await.unwrap();
                }
            }
        });
        let mut connection = ConnectionConfig::udp();
        connection.port = port;
        let mut server = NameServerConfig::udp(IpAddr::V4(Ipv4Addr::LOCALHOST));
        server.connections = vec![connection];
        let config = ResolverConfig::from_name_servers(vec![server]);
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()).build().ok()
    }

    async fn asked(question: Question) -> Answer {
        resolve_within(Duration::from_secs(2), resolver().await, question).await
    }

    #[tokio::test]
    async fn addresses_of_both_kinds_are_found() {
        let v4 = |last| IpAddr::from([192, 0, 2, last]);
        let Answer::Addresses(mut found) = asked(Question::Address("pbx.test".into())).await else {
            panic!()
        };
        found.sort();
        assert_eq!(found, [v4(7), v4(8)]);
        let six = asked(Question::Address("six.test".into())).await;
        assert_eq!(six, Answer::Addresses(vec![IpAddr::V6(Ipv6Addr::LOCALHOST)]));
    }

    #[tokio::test]
    async fn services_come_with_priority_weight_and_port() {
        let Answer::Srv(mut found) = asked(Question::Srv("_sip._udp.house.test".into())).await else {
            panic!()
        };
        found.sort_by_key(|record| record.port);
        let record = |priority, weight, port, target: &str| SrvRecord {
            priority,
            weight,
            port,
            target: target.into(),
        };
        assert_eq!(
            found,
            [
                record(10, 60, 5060, "a.house.test"),
                record(10, 40, 5061, "b.house.test"),
                record(20, 0, 5062, "late.house.test"),
            ]
        );
    }

    #[tokio::test]
    async fn a_name_that_is_not_there_is_not_found_and_a_silent_server_is_a_failure() {
        assert_eq!(asked(Question::Address("nobody.test".into())).await, Answer::NotFound);
        assert_eq!(asked(Question::Srv("_sip._udp.nobody.test".into())).await, Answer::NotFound);
        assert_eq!(
            asked(Question::Srv("bare.test".into())).await,
            Answer::NotFound,
            "a name without the record"
        );
        assert_eq!(asked(Question::Address("pbx.silent".into())).await, Answer::Failed);
        assert_eq!(resolve(None, Question::Address("pbx.test".into())).await, Answer::Failed);
    }
}
