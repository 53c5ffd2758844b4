//! What a token says. A function of its arguments.

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::Value;

use super::{Claim, Config, Error, Name};
use crate::event::Timestamp;

/// The longest token, in bytes: what a header has room for, as most servers have it.
const LONGEST: usize = 16 << 10;

/// The longest names, in bytes, as the specification and the e-mail standards have them.
const LONGEST_SUBJECT: usize = 255;
const LONGEST_EMAIL: usize = 254;

/// The types of tokens that say who somebody is: not those that end a session, for example.
const TYPES: [&str; 3] = ["JWT", "at+jwt", "application/at+jwt"];

/// By what a token says that it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) key: Option<String>,
    pub(super) algorithm: Algorithm,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    exp: f64,
    nbf: Option<f64>,
    sub: Option<String>,
    email: Option<String>,
    email_verified: Option<Value>,
}

/// By what it is signed, if that is one of `algorithms`. Nothing of it is known to be true yet.
pub(super) fn signed(token: &str, algorithms: &[Algorithm]) -> Result<Signed, Error> {
    let invalid = |why: &str| Err(Error::Invalid(why.to_owned()));
    if token.len() > LONGEST {
        return invalid("is longer than any that is good");
    }
    // What is signed by no algorithm, or by one that is not known, has no head that can be read.
    let Ok(header) = decode_header(token) else { return invalid("is neither an API token nor one of the issuer's") };
    if !algorithms.contains(&header.alg) {
        return Err(Error::Invalid(format!("is signed by {:?}, which this server does not take", header.alg)));
    }
    if header.typ.is_some_and(|own| !TYPES.iter().any(|known| known.eq_ignore_ascii_case(&own))) {
        return invalid("is of a type that says nothing of who somebody is (`typ`)");
    }
    // Its issuer wants it to be refused by those who do not know what else is in its head.
    if header.crit.is_some() {
        return invalid("demands what this server does not know (`crit`)");
    }
    Ok(Signed { key: header.kid, algorithm: header.alg })
}

/// Who its holder is, by the claims that count, in their order.
pub(super) fn names(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
    config: &Config,
    now: Timestamp,
) -> Result<Vec<Name>, Error> {
    let mut validation = Validation::new(algorithm);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.set_issuer(&[&config.issuer]);
    validation.set_audience(&config.audience);
    // The library would ask the system for the time.
    (validation.validate_exp, validation.validate_nbf) = (false, false);
    let claims = decode::<Claims>(token, key, &validation).map_err(|error| refused(error.kind()))?.claims;
    // A list of issuers is none.
    if claims.iss != config.issuer {
        return Err(Error::Issuer);
    }
    let (now, leeway) = (now.as_millisecond() as f64 / 1e3, config.leeway_ms as f64 / 1e3);
    if claims.exp + leeway <= now {
        return Err(Error::Expired);
    }
    if claims.nbf.is_some_and(|from| from - leeway > now) {
        return Err(Error::Early);
    }
    let names: Vec<Name> = config.claims.iter().filter_map(|claim| name(*claim, &claims)).collect();
    if names.is_empty() { Err(Error::Nameless(nameless(config, &claims))) } else { Ok(names) }
}

fn refused(kind: &ErrorKind) -> Error {
    match kind {
        ErrorKind::InvalidIssuer => Error::Issuer,
        ErrorKind::InvalidAudience => Error::Audience,
        ErrorKind::MissingRequiredClaim(claim) if claim == "aud" => Error::Audience,
        ErrorKind::InvalidSignature => Error::Invalid("is not signed by the key that it names".to_owned()),
        ErrorKind::MissingRequiredClaim(claim) => Error::Invalid(format!("has no `{claim}`, or none that can be read")),
        ErrorKind::Json(_) => Error::Invalid("has claims that cannot be read".to_owned()),
        _ => Error::Invalid("is malformed".to_owned()),
    }
}

fn name(claim: Claim, claims: &Claims) -> Option<Name> {
    let bounded = |text: &Option<String>, most| text.clone().filter(|text| !text.is_empty() && text.len() <= most);
    match claim {
        Claim::Sub => {
            let subject = bounded(&claims.sub, LONGEST_SUBJECT)?;
            Some(Name::Subject { issuer: claims.iss.clone(), subject })
        }
        Claim::Email if is_verified(claims) => bounded(&claims.email, LONGEST_EMAIL).map(Name::Email),
        Claim::Email => None,
    }
}

/// Some issuers write it as a text.
fn is_verified(claims: &Claims) -> bool {
    match &claims.email_verified {
        Some(Value::Bool(is_so)) => *is_so,
        Some(Value::String(text)) => text == "true",
        _ => false,
    }
}

fn nameless(config: &Config, claims: &Claims) -> String {
    if config.claims.contains(&Claim::Email) && claims.email.is_some() && !is_verified(claims) {
        return "its issuer has not verified your `email`".to_owned();
    }
    let wanted: Vec<&str> = config
        .claims
        .iter()
        .map(|claim| match claim {
            Claim::Sub => "`sub`",
            Claim::Email => "`email` with `email_verified`",
        })
        .collect();
    format!("it has no {}", wanted.join(" and no "))
}
