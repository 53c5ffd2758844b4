//! Secrets that nobody can guess, of the system's own randomness.

/// Letters and digits: a secret is one word to a double click, and means itself in a URL, a shell and a header.
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// So many characters have 256 bits, and so many 128.
const SECRET: usize = 43;
const SLUG: usize = 22;

/// The system gives no random numbers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the system gives no random numbers: {0}")]
pub struct NoRandomness(String);

/// `prefix` and 256 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn secret(prefix: &str) -> Result<String, NoRandomness> {
    Ok(prefix.to_owned() + &word(SECRET)?)
}

/// A slug of 128 random bits.
///
/// # Errors
/// The system gives no random numbers.
pub fn slug() -> Result<String, NoRandomness> {
    word(SLUG)
}

fn word(length: usize) -> Result<String, NoRandomness> {
    let mut word = String::with_capacity(length);
    let mut bytes = [0; 64];
    while word.len() < length {
        getrandom::fill(&mut bytes).map_err(|err| NoRandomness(err.to_string()))?;
        // Of 256 values the last 8 are left out: they would make some characters more likely than others.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        let drawn = fair.filter_map(|byte| ALPHABET.get(usize::from(*byte) % ALPHABET.len()));
        word.extend(drawn.take(length - word.len()).map(|byte| char::from(*byte)));
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_are_the_same_and_every_character_occurs() {
        let secrets: HashSet<String> = (0..200).map(|_| secret("th_").unwrap()).collect();
        assert_eq!(secrets.len(), 200);
        assert!(secrets.iter().all(|secret| secret.len() == 3 + SECRET && secret.starts_with("th_")));
        let seen: HashSet<char> = secrets.iter().flat_map(|secret| secret.chars().skip(3)).collect();
        assert_eq!(seen.len(), ALPHABET.len());
        assert_eq!(slug().unwrap().len(), SLUG);
    }
}
