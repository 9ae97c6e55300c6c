//! `tipring demo`: four telephones, an outside line and a registrar, without a file and without a network.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail, ensure};
use tipring_config::Effective;
use tipring_host::{SocketError, listen_sip, system_entropy};
use tipring_manage::parts::SipSockets;
use tipring_manage::serve::{self, Claimed, Screen, TELEPHONES};
use tipring_manage::{password, state};

/// The configuration, with a place for what differs from start to start.
const CONFIGURATION: &str = include_str!("../../../examples/demo.toml");
const LISTEN: &str = "127.0.0.1:5060";
const WEB: &str = "127.0.0.1:8080";
const PASSWORD: &str = "change-me";
/// The configuration in the state directory, to be edited.
const FILE: &str = "demo.toml";
/// The SIP user.
const USER: &str = "201";
/// Ports that are tried after the one that was asked for.
const TRIES: u16 = 100;

/// Runs the demo until it is told to stop.
pub fn demo(sip: SocketAddr, web: SocketAddr, dir: Option<&Path>) -> Result<ExitCode> {
    let dir = dir.map_or_else(state::demo_dir, Path::to_owned);
    ensure!(
        web.ip().is_loopback(),
        "--web {web}: the demo's page is for this machine alone; name a loopback"
    );
    let claimed = Claimed::take(&dir)?;
    let sockets = listen(sip)?;
    let bound = sockets.udp.local_addr()?;
    let password = password::pronounceable(&mut system_entropy());
    let file = dir.join(FILE);
    let shown = file.display().to_string();
    let page = listen_web(web)?;
    let (text, effective) = configuration(bound, page.local_addr()?, &password, &shown)?;
    // Anew at each start: a demo that was edited until it did nothing is right again.
    std::fs::write(&file, text).with_context(|| format!("{shown}: cannot be written"))?;
    let welcome = welcome(sip, bound, &password, &command(&dir));
    let screen = Screen { welcome, live: true, page: false };
    serve::run(claimed, &effective, Some(&file), sockets, 1, Some(page), screen)?;
    Ok(ExitCode::SUCCESS)
}

fn listen(wanted: SocketAddr) -> Result<SipSockets> {
    for step in 0..=TRIES {
        // Port 0 is any free one; where TCP has not the same one, the next try has another.
        let step = if wanted.port() == 0 { 0 } else { step };
        let Some(port) = wanted.port().checked_add(step) else { break };
        match listen_sip(SocketAddr::new(wanted.ip(), port)) {
            Ok((udp, tcp)) => return Ok(SipSockets { udp, tcp }),
            Err(SocketError::Bind { why, .. }) if why.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(why) => return Err(why.into()),
        }
    }
    bail!("{wanted} and the {TRIES} ports after it are in use. Name a free one: --sip {}:PORT", wanted.ip())
}

fn listen_web(wanted: SocketAddr) -> Result<TcpListener> {
    let tries = if wanted.port() == 0 { 0 } else { TRIES };
    for step in 0..=tries {
        let Some(port) = wanted.port().checked_add(step) else { break };
        match TcpListener::bind(SocketAddr::new(wanted.ip(), port)) {
            Ok(listener) => return Ok(listener),
            Err(why) if why.kind() == std::io::ErrorKind::AddrInUse => {}
            Err(why) => return Err(why).with_context(|| format!("--web {wanted}: cannot listen there")),
        }
    }
    bail!("{wanted} and the {TRIES} ports after it are in use. Name a free one: --web {}:PORT", wanted.ip())
}

fn configuration(
    listen: SocketAddr,
    web: SocketAddr,
    password: &str,
    name: &str,
) -> Result<(String, Effective)> {
    let text = CONFIGURATION.replacen(LISTEN, &listen.to_string(), 1);
    let text = text.replacen(WEB, &web.to_string(), 1).replacen(PASSWORD, password, 1);
    let report = tipring_config::check(&text, name);
    let effective =
        report.effective.clone().with_context(|| format!("the demo's own configuration: {report}"))?;
    Ok((text, effective))
}

/// How commands reach this gateway.
fn command(dir: &Path) -> String {
    let program = state::program();
    // The first place in which a command looks that has a gateway is the one that it finds.
    let found = state::candidates(None).into_iter().find(|other| {
        other == dir || std::os::unix::net::UnixStream::connect(other.join(state::SOCKET_FILE)).is_ok()
    });
    if found.is_some_and(|found| found == dir) {
        program
    } else {
        format!("{program} --dir {}", dir.display())
    }
}

fn welcome(wanted: SocketAddr, bound: SocketAddr, password: &str, command: &str) -> Vec<String> {
    let reach = if bound.ip().is_loopback() {
        "Nothing leaves this machine.".to_owned()
    } else {
        format!("SIP phones of the network reach {bound}.")
    };
    let taken = if wanted.port() == bound.port() || wanted.port() == 0 {
        String::new()
    } else {
        format!("   ({} is taken)", wanted.port())
    };
    vec![
        format!("Four telephones, 101 to 104, and one outside line (dial 9). {reach}"),
        format!("  Hear them:  {TELEPHONES}   (one-time key; another one: {command} web)"),
        format!("  SIP phone:  {bound}  user {USER}  password {password}{taken}"),
        format!("  Terminal:   {command} phone 101 off-hook"),
        format!("              {command} phone 101 hear           (dial-tone)"),
        format!("              {command} phone 101 dial 102"),
        format!("              {command} phone 102 hear           (ringing, and who calls)"),
        format!("              {command} phone 102 off-hook"),
        format!("              {command} phone 101 say tone:1004  (phone 102 hear: tone 1004 Hz)"),
        format!("              {command} phone 101 on-hook"),
        format!("  Outside:    {command} phone 101 dial 9             (hear: the exchange's dial tone)"),
        format!(
            "              {command} phone 101 dial 5550177       (MARY: phone 5550177 off-hook answers)"
        ),
        format!(
            "              {command} phone 5550177 dial 1         (MARY calls in: 104 rings, and shows her)"
        ),
        format!("              {command} calls                    (also: status, log -f)"),
        "  Stop:       Ctrl-C".to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use tipring_config::WebListen;

    use super::*;

    #[test]
    fn the_configuration_has_the_address_and_the_password_of_this_start() {
        let listen = SocketAddr::from(([127, 0, 0, 1], 5099));
        let web = SocketAddr::from(([127, 0, 0, 1], 8099));
        let (_, effective) = configuration(listen, web, "lamo-kuch-41", "demo.toml").unwrap();
        assert_eq!(effective.listen, listen);
        assert_eq!(effective.web.listen, [WebListen::Address(web)]);
        let numbers: Vec<String> = effective.phone.keys().map(ToString::to_string).collect();
        assert_eq!(numbers, ["101", "102", "103", "104"]);
        let passwords: Vec<&str> = effective.secrets().map(|(_, secret)| secret.reveal()).collect();
        assert_eq!(passwords, ["lamo-kuch-41"]);
        assert_eq!(effective.line.keys().map(ToString::to_string).collect::<Vec<_>>(), ["1"]);
        assert_eq!(effective.sip.keys().map(ToString::to_string).collect::<Vec<_>>(), [USER]);
    }

    #[test]
    fn a_taken_port_is_passed_over_and_told() {
        let first = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let wanted = first.udp.local_addr().unwrap();
        let second = listen(wanted).unwrap();
        let bound = second.udp.local_addr().unwrap();
        assert!(bound.port() > wanted.port());
        let told = welcome(wanted, bound, "x", "tipring")[2].clone();
        assert!(
            told.contains(&bound.to_string()) && told.ends_with(&format!("({} is taken)", wanted.port()))
        );
    }
}
