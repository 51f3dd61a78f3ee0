//! The client's address: the peer of the connection or, if that is a trusted proxy, the address in
//! `Forwarded` (RFC 7239) or `X-Forwarded-For`. From other peers these headers are ignored.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Once;

use http::header::FORWARDED;
use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Proxies whose forwarding headers are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

/// An address, or a block of addresses in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressBlock(IpNet);

impl FromStr for AddressBlock {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let one = text.parse::<IpAddr>().map(IpNet::from);
        let block = one.or_else(|_| text.parse::<IpNet>());
        block.map(Self).map_err(|_| "an address or a block such as 10.0.0.0/8".to_owned())
    }
}

impl Proxies {
    /// Trusts all addresses in these blocks.
    #[must_use]
    pub fn new(blocks: &[AddressBlock]) -> Self {
        Self(blocks.iter().map(|block| block.0).collect())
    }

    /// Whether an address is a trusted proxy's.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|block| block.contains(&address))
    }

    /// The client that `peer` forwards for.
    ///
    /// A proxy that writes one of the two headers passes the other on as the client sent it. If
    /// both are present and differ, the request counts as the proxy's own.
    #[must_use]
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trust(peer) {
            if headers.contains_key(FORWARDED) || headers.contains_key(X_FORWARDED_FOR) {
                not_trusted(peer);
            }
            return peer;
        }
        let forwarded = self.nearest(peer, headers, &FORWARDED, for_of);
        let x_forwarded = self.nearest(peer, headers, &X_FORWARDED_FOR, node);
        match (forwarded, x_forwarded) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(client), _) | (None, Some(client)) => client,
            (None, None) => peer,
        }
    }

    /// The rightmost address in a header that is not a trusted proxy's; addresses to its left may
    /// be forged. `None` if the header is absent.
    fn nearest(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        read: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut client = None;
        for value in headers.get_all(name).iter().rev() {
            for element in value.to_str().unwrap_or("").rsplit(',') {
                let known = client.unwrap_or(peer);
                // A hidden or malformed address counts as the proxy that wrote it.
                let Some(address) = read(element.trim()) else { return Some(known) };
                client = Some(address);
                if !self.trust(address) {
                    return client;
                }
            }
        }
        client
    }
}

/// Warns once of a peer that sends forwarding headers and is not trusted. If it is the gateway, all
/// its clients share the limits of one.
fn not_trusted(peer: IpAddr) {
    static SAID: Once = Once::new();
    SAID.call_once(|| {
        tracing::warn!(
            %peer,
            "says in Forwarded or X-Forwarded-For for whom it asks, and is no `--trusted-proxy`: if it is the gateway, all its \
             clients share the limits of one"
        );
    });
}

/// The `for` parameter of an element of `Forwarded`.
fn for_of(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| node(value.trim()))?
    })
}

/// The address of a node, with or without port, brackets and quotation marks.
fn node(text: &str) -> Option<IpAddr> {
    let text = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| text.parse::<SocketAddr>().ok().map(|node| node.ip()));
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    address.or_else(|| bracketed().map(IpAddr::from)).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &str)]) -> String {
        let blocks = ["10.0.0.0/8", "fd00::/8"].map(|block| block.parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Proxies::new(&blocks).client(peer.parse().unwrap(), &map).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_for_whom_it_asks() {
        let said = [("forwarded", "for=192.0.2.43"), ("x-forwarded-for", "192.0.2.43")];
        assert_eq!(client("198.51.100.7", &said), "198.51.100.7");
        assert_eq!(client("10.1.2.3", &said), "192.0.2.43");
        assert_eq!(client("::ffff:10.1.2.3", &said), "192.0.2.43");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
    }

    #[test]
    fn what_the_client_made_up_stands_on_the_left_and_is_not_believed() {
        for said in [
            [("forwarded", "for=1.1.1.1, for=192.0.2.43;proto=https, for=10.9.9.9")],
            [("forwarded", "by=10.1.1.1; For=\"192.0.2.43:4711\"")],
            [("x-forwarded-for", "1.1.1.1, 192.0.2.43 , 10.9.9.9")],
            [("x-forwarded-for", "192.0.2.43:4711")],
        ] {
            assert_eq!(client("10.1.2.3", &said), "192.0.2.43", "{said:?}");
        }
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "192.0.2.43")];
        assert_eq!(client("10.1.2.3", &lines), "192.0.2.43");
    }

    #[test]
    fn ipv6_is_read_in_brackets_with_and_without_port() {
        for said in ["for=\"[2001:db8::17]:4711\"", "for=\"[2001:db8::17]\""] {
            assert_eq!(client("fd00::1", &[("forwarded", said)]), "2001:db8::17");
        }
        for said in ["2001:db8::17", "[2001:db8::17]:4711", "[2001:db8::17]"] {
            assert_eq!(client("fd00::1", &[("x-forwarded-for", said)]), "2001:db8::17");
        }
    }

    #[test]
    fn who_is_hidden_counts_as_the_proxy_that_hides_them() {
        for said in ["for=unknown", "for=_hidden", "proto=https", "for=1.1.1.1, nonsense", ""] {
            assert_eq!(client("10.1.2.3", &[("forwarded", said)]), "10.1.2.3", "{said}");
        }
        let said = [("forwarded", "for=_hidden, for=10.9.9.9")];
        assert_eq!(client("10.1.2.3", &said), "10.9.9.9");
    }

    #[test]
    fn two_headers_that_do_not_agree_count_as_the_proxys_own() {
        let said = [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "192.0.2.43")];
        assert_eq!(client("10.1.2.3", &said), "10.1.2.3");
    }

    #[test]
    fn a_block_is_an_address_or_in_cidr_notation() {
        for text in ["10.0.0.0/8", "10.1.2.3", "2001:db8::/32", "::1"] {
            assert!(text.parse::<AddressBlock>().is_ok(), "{text}");
        }
        for text in ["", "10.0.0.0/33", "gateway", "10.0.0/8"] {
            assert!(text.parse::<AddressBlock>().is_err(), "{text}");
        }
    }
}
