//! Servers, accounts and calls as most scenarios have them.

use core::net::SocketAddr;

use tipring_sip::agent::{
    AccountConfig, AccountId, CallDetails, Command, Destination, HostPort, Identity, Invite, Privacy,
    ServerConfig, ServerId, SessionId, Transport,
};
use tipring_sip::digest::Secret;
use tipring_units::Millis;

use super::{World, address, media};

/// Server 0 at these addresses, by UDP.
pub fn server(addresses: &[&str]) -> ServerConfig {
    let host = |at: SocketAddr| HostPort { host: at.ip().to_string(), port: Some(at.port()) };
    let addresses = addresses.iter().map(|at| host(address(at))).collect();
    ServerConfig { id: ServerId(0), addresses, domain: None, transport: Transport::Udp }
}

/// Account 0, which registers a user at server 0.
pub fn account(user: &str, password: &str) -> AccountConfig {
    AccountConfig {
        id: AccountId(0),
        server: ServerId(0),
        user: user.to_owned(),
        auth_user: None,
        password: Secret::new(password),
        expires: Millis(600_000),
        register: true,
    }
}

/// A call of the user 101 of node 0, by no account.
pub fn invite(session: SessionId, to: Destination) -> Invite {
    Invite {
        session,
        to,
        account: None,
        from: Identity { display: None, user: "101".to_owned() },
        asserted: None,
        privacy: Privacy::None,
        media: Some(media(1)),
        emergency: false,
        max_forwards: None,
        replaces: None,
        referred_by: None,
        details: CallDetails::default(),
    }
}

impl World {
    /// One agent, with the account 101 at a server of these addresses that it lends to calls. Nobody registers.
    pub fn with_account(addresses: &[&str]) -> Self {
        let mut world = Self::with_peer(1);
        for at in addresses {
            world.peers.insert(address(at), Vec::new());
        }
        world.command(0, Command::SetServer(server(addresses)));
        world.command(0, Command::Register(AccountConfig { register: false, ..account("101", "secret") }));
        world
    }

    /// Node 0 calls a number at server 0 by account 0, whose user is `user`.
    pub fn call_by_account(&mut self, user: &str, number: &str) -> SessionId {
        let session = self.nodes[0].agent.new_session();
        let to = Destination::Server { server: ServerId(0), user: number.to_owned() };
        let from = Identity { display: None, user: user.to_owned() };
        let invite = Invite { account: Some(AccountId(0)), from, ..invite(session, to) };
        self.command(0, Command::Invite(Box::new(invite)));
        session
    }
}
