//! Which addresses may be called. A host must be in the file of a partner, and the addresses to
//! which its name resolves must be public, unless the file names the network: nobody who controls
//! a name or a file of a partner can make the installation call itself, its neighbours or the
//! metadata service of its cloud.
//!
//! The caller resolves the name once, checks all addresses, connects to one of these (not to the
//! name again), and follows no redirect.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

use crate::partner::Partner;

/// Why an address is not called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Blocked {
    #[error("`{0}` is not an address")]
    NoUrl(String),
    #[error("the address must begin with https://")]
    NoTls,
    #[error("the address must not contain a user, a password or a fragment")]
    Extra,
    #[error("no address of the partner has the host and port of `{0}`")]
    Host(String),
    #[error("the name has no address")]
    Unresolved,
    #[error("{0} is {1}")]
    Address(IpAddr, &'static str),
}

impl Blocked {
    /// The message in Vietnamese.
    #[must_use]
    pub fn vi(&self) -> String {
        match self {
            Self::NoUrl(text) => format!("`{text}` không phải địa chỉ"),
            Self::NoTls => "địa chỉ phải bắt đầu bằng https://".to_owned(),
            Self::Extra => "địa chỉ không được có tên, mật khẩu hoặc `#`".to_owned(),
            Self::Host(text) => format!("`{text}` không có trong tệp đối tác"),
            Self::Unresolved => "tên máy không có địa chỉ".to_owned(),
            Self::Address(address, _) => format!("{address} không phải địa chỉ công cộng"),
        }
    }
}

/// An address in a partner's file.
///
/// # Errors
///
/// See [`Blocked`].
pub fn address(text: &str, permits_http: bool) -> Result<Url, Blocked> {
    let url = Url::parse(text).map_err(|_| Blocked::NoUrl(text.to_owned()))?;
    match url.scheme() {
        "https" => {}
        "http" if permits_http => {}
        _ => return Err(Blocked::NoTls),
    }
    if url.host().is_none() {
        return Err(Blocked::NoUrl(text.to_owned()));
    }
    let has_extra = !url.username().is_empty() || url.password().is_some();
    if has_extra || url.fragment().is_some() { Err(Blocked::Extra) } else { Ok(url) }
}

/// What to connect to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub url: Url,
    /// The name to be resolved, or the address itself.
    pub host: String,
    pub port: u16,
    /// The address, if the host is one; it is checked like a resolved one.
    pub literal: Option<IpAddr>,
}

/// The target of a request, if its host and port are those of an address of the partner.
///
/// # Errors
///
/// See [`Blocked`].
pub fn target(partner: &Partner, url: &str) -> Result<Target, Blocked> {
    let url = address(url, partner.permits_http)?;
    let place = |url: &Url| {
        let host = url.host().map(|host| host.to_owned());
        (url.scheme().to_owned(), host, url.port_or_known_default())
    };
    let is_listed = partner.addresses.values().any(|one| place(one) == place(&url));
    let host = url.host_str().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let Some(port) = url.port_or_known_default().filter(|_| is_listed) else {
        return Err(Blocked::Host(host));
    };
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        Some(Host::Domain(_)) | None => None,
    };
    Ok(Target { url, host, port, literal })
}

/// Checks all addresses of a name; a name with one forbidden address is not called at all.
///
/// # Errors
///
/// See [`Blocked`].
pub fn resolved(partner: &Partner, addresses: &[IpAddr]) -> Result<(), Blocked> {
    permitted(&partner.private_networks, addresses)
}

/// Checks all addresses of a name: each is public, or in one of these networks.
///
/// # Errors
///
/// See [`Blocked`].
pub fn permitted(networks: &[IpNet], addresses: &[IpAddr]) -> Result<(), Blocked> {
    if addresses.is_empty() {
        return Err(Blocked::Unresolved);
    }
    for address in addresses {
        let canonical = address.to_canonical();
        let is_configured = networks.iter().any(|net| net.contains(&canonical));
        if let Some(why) = forbidden(canonical).filter(|_| !is_configured) {
            return Err(Blocked::Address(*address, why));
        }
    }
    Ok(())
}

/// Blocks that are not public (IANA's registries of special-purpose addresses, and multicast).
const BLOCKS: &[(&str, &str)] = &[
    ("0.0.0.0/8", "of this network"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared address space"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "of protocol assignments"),
    ("192.0.2.0/24", "for documentation"),
    ("192.88.99.0/24", "of a 6to4 relay"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("240.0.0.0/4", "reserved"),
    ("::/96", "unspecified, loopback or IPv4-compatible"),
    ("64:ff9b:1::/48", "of a local translation"),
    ("100::/64", "discard-only"),
    ("2001::/23", "of protocol assignments"),
    ("2001:db8::/32", "for documentation"),
    ("3fff::/20", "for documentation"),
    ("5f00::/16", "of segment routing"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
];

/// Why an address is not public; `None` if it is.
fn forbidden(address: IpAddr) -> Option<&'static str> {
    let in_block = |address: IpAddr| {
        let mut blocks = BLOCKS.iter();
        let block = blocks
            .find(|(block, _)| block.parse::<IpNet>().is_ok_and(|block| block.contains(&address)));
        block.map(|(_, why)| *why)
    };
    in_block(address).or_else(|| in_block(IpAddr::V4(embedded(address)?)))
}

/// The IPv4 address to which a translator or tunnel carries what is sent to an IPv6 address.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let bits = address.to_bits();
    let is_in = |prefix: Ipv6Addr, length: u32| (bits ^ prefix.to_bits()) >> (128 - length) == 0;
    let v4 = |shift: u32| u32::try_from(bits >> shift & u128::from(u32::MAX)).ok();
    let v4 = if is_in(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96) {
        v4(0)
    } else if is_in(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16) {
        v4(80)
    } else {
        None
    };
    v4.map(Ipv4Addr::from_bits)
}

#[cfg(test)]
mod tests;
