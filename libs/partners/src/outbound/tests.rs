use super::*;
use crate::file::tests::{example, text};

#[test]
fn only_hosts_and_ports_of_the_partner_are_called() {
    let partner = example("momo");
    let host = |url: &str| target(&partner, url).map(|target| target.host);
    let known = "https://test-payment.momo.vn/v2/gateway/api/refund/query";
    assert_eq!(host(known).as_deref(), Ok("test-payment.momo.vn"));
    assert_eq!(host("https://TEST-PAYMENT.momo.vn:443/").as_deref(), Ok("test-payment.momo.vn"));
    for (url, expected) in [
        ("https://test-payment.momo.vn:8443/", Blocked::Host("test-payment.momo.vn".to_owned())),
        ("https://momo.vn/", Blocked::Host("momo.vn".to_owned())),
        (
            "https://test-payment.momo.vn.evil.example/",
            Blocked::Host("test-payment.momo.vn.evil.example".to_owned()),
        ),
        ("http://test-payment.momo.vn/", Blocked::NoTls),
        ("https://test-payment.momo.vn@evil.example/", Blocked::Extra),
        ("file:///etc/passwd", Blocked::NoTls),
        ("https://", Blocked::NoUrl("https://".to_owned())),
    ] {
        assert_eq!(host(url), Err(expected), "{url}");
    }
}

#[test]
fn names_that_resolve_to_other_than_public_addresses_are_not_called() {
    let partner = example("momo");
    let check = |addresses: &[&str]| {
        let addresses: Vec<IpAddr> = addresses.iter().map(|one| one.parse().unwrap()).collect();
        resolved(&partner, &addresses)
    };
    for public in ["113.160.92.202", "8.8.8.8", "172.32.0.1", "2405:4800::1", "64:ff9b::808:808"] {
        assert_eq!(check(&[public]), Ok(()), "{public}");
    }
    for wrong in [
        "127.0.0.1",
        "127.9.9.9",
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "240.0.0.1",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::127.0.0.1",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "2001::1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "100::1",
    ] {
        let blocked = check(&[wrong]);
        assert!(matches!(blocked, Err(Blocked::Address(..))), "{wrong}: {blocked:?}");
        assert_eq!(check(&["8.8.8.8", wrong]), blocked, "one forbidden address is enough");
    }
    assert_eq!(check(&[]), Err(Blocked::Unresolved));
}

#[test]
fn a_network_of_the_file_is_permitted_in_each_form_of_its_addresses() {
    let text = format!("{}private_networks: [10.1.0.0/16]\n", text("momo"));
    let partner = Partner::parse(&text).unwrap();
    let check = |address: &str| resolved(&partner, &[address.parse().unwrap()]).is_ok();
    assert!(check("10.1.2.3") && check("::ffff:10.1.2.3"));
    assert!(!check("10.2.0.1") && !check("127.0.0.1"));
}

#[test]
fn an_address_in_numbers_is_read_as_clients_read_it() {
    let text = text("momo").replace("test-payment.momo.vn", "2130706433");
    let partner = Partner::parse(&text).unwrap();
    let target = target(&partner, "https://2130706433/").unwrap();
    assert_eq!(target.literal, Some("127.0.0.1".parse().unwrap()));
    assert!(resolved(&partner, &[target.literal.unwrap()]).is_err());
}
