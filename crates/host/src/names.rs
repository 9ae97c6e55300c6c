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
    let Some(resolver) = resolver else { return Answer::Failed };
    match tokio::time::timeout(PATIENCE, ask(&resolver, question)).await {
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
