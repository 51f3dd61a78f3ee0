//! Parses and checks tokens: JSON Web Tokens (RFC 7519) that are access tokens (RFC 9068), signed
//! and not encrypted (RFC 7515). Times may have fractions; unknown claims are ignored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use dossier::access::Caller;
use dossier::contract::{AgencyCode, Role, Subject, party_name};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::Algorithm;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Rules, Unauthenticated};
use crate::limits::{CLOCK_LEEWAY, SUBJECT_BYTES_MAX, TOKEN_BYTES_MAX};

/// Accepted header `typ`: RFC 9068 requires the first; many providers send the second or none.
const ACCESS_TYPES: [&str; 2] = ["at+jwt", "jwt"];
/// Values of a claim `typ` that some providers use for tokens that are not access tokens.
const OTHER_USES: [&str; 4] = ["id", "refresh", "offline", "logout"];

/// The token in an `Authorization` header (RFC 6750, section 2.1; the scheme is case-insensitive:
/// RFC 9110, section 11.1).
pub(super) fn bearer(authorization: &str) -> Result<&str, Unauthenticated> {
    let (scheme, token) = authorization.split_once(' ').ok_or(Unauthenticated::Scheme)?;
    let token = token.trim_matches(' ');
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Unauthenticated::Scheme);
    }
    if token.len() > TOKEN_BYTES_MAX { Err(Unauthenticated::TooLong) } else { Ok(token) }
}

/// A token split into its parts; only the header is decoded.
#[derive(Debug)]
pub(super) struct Token<'a> {
    header: Header,
    /// What is signed.
    pub(super) message: &'a str,
    claims: &'a str,
    pub(super) signature: &'a str,
}

#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    crit: Option<There>,
}

/// The claims that matter here.
#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
    iss: Option<String>,
    aud: Option<Audience>,
    roles: Option<Vec<Value>>,
    agency: Option<String>,
    on_behalf_of: Option<String>,
    typ: Option<String>,
    #[serde(default, deserialize_with = "is_there")]
    at_hash: Option<There>,
    #[serde(default, deserialize_with = "is_there")]
    c_hash: Option<There>,
    #[serde(default, deserialize_with = "is_there")]
    nonce: Option<There>,
    #[serde(default, deserialize_with = "is_there")]
    events: Option<There>,
    #[serde(default, deserialize_with = "is_there")]
    scope: Option<There>,
    #[serde(default, deserialize_with = "is_there")]
    client_id: Option<There>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// The caller in a token, and its validity.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) caller: Caller,
    pub(super) from: Timestamp,
    pub(crate) until: Timestamp,
}

impl<'a> Token<'a> {
    pub(super) fn read(token: &'a str) -> Result<Self, Unauthenticated> {
        let (message, signature) = token.rsplit_once('.').ok_or(Unauthenticated::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Unauthenticated::Malformed)?;
        let header = part(header).map_err(|_| Unauthenticated::Malformed)?;
        Ok(Self { header, message, claims, signature })
    }

    /// The key id in the header.
    pub(super) fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    pub(super) fn algorithm(&self) -> Option<Algorithm> {
        self.header.alg.parse().ok()
    }

    /// Refuses critical extensions and tokens that are not access tokens.
    pub(super) fn check_header(&self) -> Result<(), Unauthenticated> {
        // No extensions are supported, so a critical one is refused (RFC 7515, section 4.1.11).
        if self.header.crit.is_some() {
            return Err(Unauthenticated::Critical);
        }
        let Some(typ) = &self.header.typ else { return Ok(()) };
        // The part before the slash may be omitted (RFC 7515, section 4.1.9).
        let typ = typ.to_ascii_lowercase();
        let typ = typ.strip_prefix("application/").unwrap_or(&typ);
        if ACCESS_TYPES.contains(&typ) { Ok(()) } else { Err(Unauthenticated::NotForAccess) }
    }

    /// The caller, if the claims satisfy `rules`. The signature was verified before.
    pub(super) fn bearer(
        &self,
        rules: Option<&Rules>,
        now: Timestamp,
    ) -> Result<Bearer, Unauthenticated> {
        let claims: Claims = part(self.claims).map_err(Unauthenticated::Claim)?;
        self.check_use(&claims)?;
        if let Some(rules) = rules {
            claims.check_issuer(rules)?;
        }
        let until = instant(claims.exp);
        let issued = claims.iat.map(instant);
        let from = claims.nbf.map(instant).max(issued).unwrap_or(Timestamp::MIN);
        if let Some(rules) = rules {
            let begins = if from == Timestamp::MIN { now } else { from };
            if until.duration_since(begins) > rules.life_max {
                return Err(Unauthenticated::LongLived);
            }
        }
        Ok(Bearer { caller: claims.caller()?, from, until })
    }

    /// Refuses ID and logout tokens. If the header has no type, their specific claims identify them
    /// (OpenID Connect Core, section 2; Back-Channel Logout, section 2.4).
    fn check_use(&self, claims: &Claims) -> Result<(), Unauthenticated> {
        let header = self.header.typ.as_deref().unwrap_or("").to_ascii_lowercase();
        let says_access = header.ends_with("at+jwt");
        let other = claims
            .typ
            .as_ref()
            .is_some_and(|typ| OTHER_USES.iter().any(|other| typ.eq_ignore_ascii_case(other)));
        let of_a_login =
            claims.nonce.is_some() && claims.scope.is_none() && claims.client_id.is_none();
        let looks_other =
            [&claims.at_hash, &claims.c_hash, &claims.events].iter().any(|only| only.is_some())
                || of_a_login;
        if other || (looks_other && !says_access) {
            Err(Unauthenticated::NotForAccess)
        } else {
            Ok(())
        }
    }
}

impl Claims {
    fn check_issuer(&self, rules: &Rules) -> Result<(), Unauthenticated> {
        if self.iss.as_ref() != Some(&rules.issuer) {
            return Err(Unauthenticated::Issuer);
        }
        let for_us = match &self.aud {
            Some(Audience::One(audience)) => *audience == rules.audience,
            Some(Audience::Several(audiences)) => audiences.contains(&rules.audience),
            None => false,
        };
        if for_us { Ok(()) } else { Err(Unauthenticated::Audience) }
    }

    fn caller(self) -> Result<Caller, Unauthenticated> {
        let agency = self.agency.as_deref().map(AgencyCode::from);
        if agency.as_ref().is_some_and(|agency| !agency.is_well_formed()) {
            return Err(Unauthenticated::Claim("agency"));
        }
        // Roles of other applications are ignored; `system` cannot be claimed.
        let roles = self.roles.unwrap_or_default();
        let known = roles.into_iter().filter_map(|role| serde_json::from_value(role).ok());
        Ok(Caller {
            subject: subject("sub", &self.sub)?,
            roles: known.filter(|role| *role != Role::System).collect(),
            agency,
            // Predecessors come from the registry, not from the token.
            predecessors: Vec::new(),
            on_behalf_of: self
                .on_behalf_of
                .map(|represented| subject("on_behalf_of", &party_name(&represented)))
                .transpose()?,
            // A mandate is invoked by a header of the request.
            mandate: None,
            credential: None,
        })
    }
}

/// A subject: compared exactly, recorded for ever, and shown to people.
fn subject(claim: &'static str, text: &str) -> Result<Subject, Unauthenticated> {
    let usable = (1..=SUBJECT_BYTES_MAX).contains(&text.len())
        && !text.trim().is_empty()
        && !text.contains(char::is_control);
    if usable { Ok(text.into()) } else { Err(Unauthenticated::Claim(claim)) }
}

/// A `NumericDate` (RFC 7519, section 2): seconds since 1970, fractions allowed. Out-of-range
/// values are clamped.
fn instant(seconds: f64) -> Timestamp {
    let end = if seconds < 0.0 { Timestamp::MIN } else { Timestamp::MAX };
    let since = SignedDuration::try_from_secs_f64(seconds).ok();
    since.and_then(|since| Timestamp::from_duration(since).ok()).unwrap_or(end)
}

/// Whether a token is valid at `now`, with leeway.
pub(super) fn in_time(bearer: &Bearer, now: Timestamp) -> Result<(), Unauthenticated> {
    let earliest = now.checked_add(CLOCK_LEEWAY).unwrap_or(Timestamp::MAX);
    let latest = now.checked_sub(CLOCK_LEEWAY).unwrap_or(Timestamp::MIN);
    if bearer.from > earliest {
        Err(Unauthenticated::Early)
    } else if bearer.until < latest {
        Err(Unauthenticated::Expired)
    } else {
        Ok(())
    }
}

/// Decodes a part of a token; fails with the name of the first invalid known field.
fn part<T: DeserializeOwned>(encoded: &str) -> Result<T, &'static str> {
    const NAMES: [&str; 9] =
        ["sub", "exp", "nbf", "iat", "iss", "aud", "roles", "agency", "on_behalf_of"];
    let json = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| "claims")?;
    serde_json::from_slice(&json).map_err(|error| {
        let mut reader = serde_json::Deserializer::from_slice(&json);
        let named = serde_path_to_error::deserialize::<_, T>(&mut reader).err();
        let named = named.map(|error| error.path().to_string()).unwrap_or_default();
        let (named, missing) = (named.split(['[', '.']).next(), error.to_string());
        let is_it = |name: &&&str| {
            named == Some(**name) || missing.starts_with(&format!("missing field `{name}`"))
        };
        NAMES.iter().find(is_it).copied().unwrap_or("claims")
    })
}

/// Whether a claim is present, with any value, including null.
#[derive(Debug)]
struct There;

fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<There>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| Some(There))
}
