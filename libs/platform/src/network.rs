//! The network of a client, by which limits are counted.

use std::net::{IpAddr, Ipv6Addr};

/// The address that limits count: of IPv6 the /64 prefix, because one client has all addresses in
/// it.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    const PREFIX: u128 = !0 << 64;
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & PREFIX).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_64_of_ipv6_counts_as_one_and_ipv4_by_address() {
        let counted = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("::ffff:192.0.2.43"), "192.0.2.43");
        assert_eq!(counted("192.0.2.43"), "192.0.2.43");
    }
}
