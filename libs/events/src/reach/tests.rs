use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::io::BufReader;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls").join(name)
}

/// Expiry of the test certificates, 29 October 2126.
const END_S: u64 = 4_948_957_252;

/// A server for one connection: what it sends first, what it expects, what it then answers, and
/// whether TLS follows.
async fn server(
    says: &'static [u8],
    waits: usize,
    answers: &'static [u8],
) -> (Server, JoinSet<()>) {
    let certificates = vec![CertificateDer::from_pem_file(file("server.crt")).unwrap()];
    let key = rustls::pki_types::PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(ring);
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = config.with_single_cert(certificates, key).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut serving = JoinSet::new();
    serving.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(says).await.unwrap();
        stream.read_exact(&mut vec![0; waits]).await.unwrap();
        stream.write_all(answers).await.unwrap();
        if answers != b"N" {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            // A client that does not trust it closes the connection.
            if let Ok(stream) = acceptor.accept(stream).await {
                let _ = BufReader::new(stream).read_u8().await;
            }
        }
    });
    (Server { host: "localhost".to_owned(), port, tls: None, authority: None }, serving)
}

#[tokio::test]
async fn the_end_of_a_certificate_is_seen_however_a_server_comes_to_tls() {
    for (tls, says, waits, answers) in [
        (Tls::AtOnce, &b""[..], 0, &b""[..]),
        (Tls::AsPostgres, b"", 8, b"S"),
        (Tls::AsNats, b"INFO {\"tls_required\":true}\r\n", 0, b""),
    ] {
        for authority in [None, Some(file("authority.crt"))] {
            let (server, _serving) = server(says, waits, answers).await;
            let server = Server { tls: Some(tls), authority, ..server };
            assert_eq!(reach(&server).await, Ok(Some(Duration::from_secs(END_S))), "{tls:?}");
        }
    }
}

#[tokio::test]
async fn why_a_server_is_not_reached_is_said_in_a_sentence() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let plain =
        |host: &str, port| Server { host: host.to_owned(), port, tls: None, authority: None };
    let refused = reach(&plain("127.0.0.1", free)).await.unwrap_err();
    assert!(refused.contains("connection to 127.0.0.1"), "{refused}");
    let unknown = reach(&plain("no-such-host.invalid", 5432)).await.unwrap_err();
    assert!(
        unknown.starts_with("no-such-host.invalid:5432: host name does not resolve"),
        "{unknown}"
    );

    let (without, _serving) = server(b"", 8, b"N").await;
    let without = reach(&Server { tls: Some(Tls::AsPostgres), ..without }).await.unwrap_err();
    assert!(without.ends_with("the server does not offer TLS"), "{without}");

    let (stranger, _serving) = server(b"", 0, b"").await;
    let stranger =
        Server { tls: Some(Tls::AtOnce), authority: Some(file("server.crt")), ..stranger };
    let stranger = reach(&stranger).await.unwrap_err();
    assert!(stranger.contains("signed by no CA that is trusted here"), "{stranger}");

    // Accepts the connection and sends nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    let silent_one = Server { tls: Some(Tls::AtOnce), ..plain("127.0.0.1", silent_port) };
    let said = reach(&silent_one).await.unwrap_err();
    assert!(said.ends_with(NO_HANDSHAKE), "{said}");

    // One reachable server is enough; otherwise each failure is listed.
    assert_eq!(any(vec![plain("127.0.0.1", free), plain("127.0.0.1", silent_port)]).await, Ok(()));
    let both = any(vec![plain("127.0.0.1", free), plain("no-such-host.invalid", 1)]).await;
    assert_eq!(both.unwrap_err().matches("; ").count(), 1);
}

#[test]
fn a_server_is_read_from_its_address() {
    for (url, shown) in [
        ("https://a", "a:443"),
        ("https://u:p@a:8443/x?y", "a:8443"),
        ("http://[::1]:9000/", "[::1]:9000"),
    ] {
        assert_eq!(Server::of_http(url).unwrap().to_string(), shown);
    }
    assert_eq!(Server::of_http("https://a").unwrap().tls, Some(Tls::AtOnce));
    assert_eq!(Server::of_http("http://a").unwrap().tls, None);
    assert!(Server::of_http("ftp://a").is_none() && Server::of_http("http://").is_none());
    assert_eq!(Server::of_url("u:p@b", 4222, None).unwrap().to_string(), "b:4222");
}

#[test]
fn an_authority_that_was_renewed_in_its_file_ends_with_its_last_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let certificate = |subject: &str, days: &str| {
        let command = format!(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null \
             -subj /CN={subject} -days {days} 2>/dev/null"
        );
        let made = std::process::Command::new("sh").args(["-c", &command]).output().unwrap();
        assert!(made.status.success());
        String::from_utf8(made.stdout).unwrap()
    };
    let file = folder.path().join("authorities.pem");
    let end = |certificates: &[&String]| {
        let text: String = certificates.iter().map(|text| text.as_str()).collect();
        std::fs::write(&file, text).unwrap();
        in_file(&file).unwrap()
    };
    let [old, new] = ["1", "1000"].map(|days| certificate("a", days));
    let other = certificate("b", "100");
    assert!(end(&[&old]) < end(&[&other]) && end(&[&other]) < end(&[&new]));
    assert_eq!(end(&[&old, &new]), end(&[&new]));
    assert_eq!(end(&[&new, &other, &old]), end(&[&other]));
    assert_eq!(end(&[&other, &old]), end(&[&old]));
}

#[test]
fn the_end_of_an_authority_is_read_from_its_file() {
    assert_eq!(in_file(&file("authority.crt")), Ok(Duration::from_secs(END_S)));
    assert!(in_file(&file("server.key")).unwrap_err().contains("no certificate"));
    assert!(in_file(Path::new("/nowhere.pem")).is_err());
}

#[tokio::test]
async fn an_address_is_never_repeated_with_its_password() {
    assert_eq!(shown("esdb://admin:secret@one:2113?log=a"), "esdb://one:2113");
    assert_eq!(shown("sqlite:log.sqlite"), "sqlite:log.sqlite");
    let mistyped = "postgers://dossier:secret@one/log?password=secret";
    for refused in
        [crate::EventStore::open(mistyped).await, crate::EventStore::open_read_only(mistyped).await]
    {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("postgers://one/log") && !refused.contains("secret"), "{refused}");
    }
}
