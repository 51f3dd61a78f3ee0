//! Users, permissions and TLS.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tonic::Code;
use tonic::transport::{Certificate, ClientTlsConfig};

use super::*;
use crate::{Authority, User};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn secured() -> EventStoreDbDouble {
    let users = Some([User::first(), vec![User::new("dossier", "secret", &[])]].concat());
    EventStoreDbDouble::start_with(Settings { users, ..Settings::default() }).unwrap()
}

fn of(asker: &Asker, user: &str, password: &str) -> Asker {
    let said = STANDARD.encode(format!("{user}:{password}"));
    asker.clone().says("authorization", &format!("Basic {said}"))
}

#[tokio::test]
async fn the_seventh_point_the_log_is_read_by_administrators_and_by_those_whom_its_metadata_name() {
    let double = secured();
    let asker = Asker::of(&double).await;
    let (admin, dossier) = (of(&asker, "admin", "changeit"), of(&asker, "dossier", "secret"));
    let ops = of(&asker, "ops", "changeit");
    assert_eq!(ops.written("a", vec![event(1)]).await.0, 0, "whoever is known may append");
    let stream = || of_stream("a", Revision::Start(Empty {}), FORWARDS, 9);
    assert_eq!(dossier.names(stream()).await.unwrap().len(), 1);
    for refused in [&ops, &dossier] {
        let refused = refused.names(log(START, FORWARDS, 9)).await.unwrap_err();
        let said = (refused.code(), refused.message());
        assert_eq!(said, (Code::PermissionDenied, "Access Denied"));
    }
    assert_eq!(admin.names(of_prefix("a", log(START, FORWARDS, 9))).await.unwrap().len(), 1);
    // As docs/operating.md instructs.
    let mut acl = event(2);
    acl.data = Bytes::from_static(br#"{"$acl":{"$r":["$admins","dossier"]}}"#);
    let denied = dossier.append("$$$all", Expected::Any(Empty {}), vec![acl.clone()]).await;
    assert_eq!(denied.unwrap_err().code(), Code::PermissionDenied);
    admin.written("$$$all", vec![acl]).await;
    assert_eq!(dossier.names(of_prefix("a", log(START, FORWARDS, 9))).await.unwrap().len(), 1);
    assert!(ops.names(log(START, FORWARDS, 9)).await.is_err());
    // Users may also write the metadata of their own streams.
    assert_eq!(dossier.written("$$dossier time", vec![event(3)]).await.0, 0);
}

#[tokio::test]
async fn the_seventh_point_a_wrong_password_is_refused_and_a_right_one_until_the_users_are_written()
{
    let double = secured();
    double.set_users_written(false);
    let asker = Asker::of(&double).await;
    let stream = || of_stream("a", Revision::Start(Empty {}), FORWARDS, 9);
    let admin = of(&asker, "admin", "changeit");
    assert_eq!(admin.read(stream()).await.unwrap_err().code(), Code::Unauthenticated);
    double.set_users_written(true);
    assert!(admin.read(stream()).await.is_ok());
    for (user, password) in [("admin", "wrong"), ("nobody", "changeit")] {
        let refused = of(&asker, user, password).read(stream()).await.unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{user}");
    }
    // Without credentials nothing can be read.
    assert_eq!(asker.read(stream()).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test]
async fn without_users_nobody_is_asked_who_they_are() {
    let double = start();
    let asker = of(&Asker::of(&double).await, "nobody", "nothing");
    assert!(asker.names(log(START, FORWARDS, 9)).await.is_ok());
    assert!(double.url("x").starts_with("esdb://127.0.0.1:"));
    assert!(secured().url("x").starts_with("esdb://admin:changeit@127.0.0.1:"));
}

async fn reach(double: &EventStoreDbDouble, authority: &Authority) -> Result<(), String> {
    let trusted = Certificate::from_pem(authority.pem());
    let tls = ClientTlsConfig::new().ca_certificate(trusted).domain_name("db.example");
    let address = format!("https://{}", double.address());
    let channel = Channel::from_shared(address).unwrap().tls_config(tls).unwrap();
    let channel = channel.connect_timeout(LIMIT).connect().await;
    let channel = channel.map_err(|error| format!("{error:?}"))?;
    let asker = of(&Asker { channel, said: MetadataMap::new() }, "admin", "changeit");
    asker.names(log(START, FORWARDS, 9)).await.map(drop).map_err(|status| status.to_string())
}

#[tokio::test]
async fn a_certificate_is_good_for_its_names_and_its_time() {
    let authority = Authority::new().unwrap();
    let now = SystemTime::UNIX_EPOCH + SystemTime::UNIX_EPOCH.elapsed().unwrap();
    let certificate =
        |name: &str, from, until| authority.certificate(&[name], from, until).unwrap();
    let good = certificate("db.example", now - DAY, now + DAY);
    let mut double = EventStoreDbDouble::start_with(Settings::secured(good)).unwrap();
    reach(&double, &authority).await.unwrap();
    let stranger = reach(&double, &Authority::new().unwrap()).await.unwrap_err();
    assert!(stranger.contains("UnknownIssuer"), "{stranger}");
    for (other, cause) in [
        (certificate("db.example", now - 2 * DAY, now - DAY), "Expired"),
        (certificate("other.example", now - DAY, now + DAY), "NotValidForName"),
    ] {
        double.kill();
        double.revive_with(other).unwrap();
        let refused = reach(&double, &authority).await.unwrap_err();
        assert!(refused.contains(cause), "{refused}");
    }
    // A server with TLS does not accept plain text, and one without does not speak TLS.
    let clear = Channel::from_shared(format!("http://{}", double.address())).unwrap();
    let asker = Asker { channel: clear.connect_lazy(), said: MetadataMap::new() };
    assert!(asker.open(log(START, FORWARDS, 9)).await.is_err());
    assert!(reach(&start(), &authority).await.is_err());
}
