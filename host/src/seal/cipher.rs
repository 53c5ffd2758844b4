//! The cipher: ChaCha20-Poly1305 (RFC 8439) by the library that TLS uses too. Nonces are random: of a key that sealed four thousand
//! million values, two have the same one with a probability of one in eight thousand million, and an org's key seals some for each
//! deployment and each change of a variable.

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::Error;

/// Bytes of a key.
pub(super) const KEY: usize = 32;

/// The first byte of what is sealed. Another cipher, or another form of what is authenticated, gets another.
const FORM: u8 = 1;

/// So many random bytes.
pub(super) fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, Error> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|err| Error::Random(err.to_string()))?;
    Ok(bytes)
}

/// The form's byte, the nonce, the text and its tag. `context` is not in it, and must be the same when it is opened.
pub(super) fn seal(key: &[u8; KEY], context: &[u8], plain: &[u8]) -> Result<Vec<u8>, Error> {
    let nonce = *random::<NONCE_LEN>()?;
    let mut text = Zeroizing::new(Vec::with_capacity(plain.len() + CHACHA20_POLY1305.tag_len()));
    text.extend_from_slice(plain);
    let tag =
        cipher(key).seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut text);
    // It takes 256 GiB, which nothing that comes here has.
    let tag = tag.map_err(|_| Error::Broken("a value of that length".to_owned()))?;
    let mut sealed = Vec::with_capacity(1 + NONCE_LEN + text.len() + tag.as_ref().len());
    sealed.push(FORM);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&text);
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

/// What was sealed with this key for this context; none when anything of it is another.
pub(super) fn open(key: &[u8; KEY], context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (form, rest) = sealed.split_first()?;
    let (nonce, text) = rest.split_first_chunk::<NONCE_LEN>()?;
    if *form != FORM {
        return None;
    }
    let mut text = Zeroizing::new(text.to_vec());
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = cipher(key).open_in_place(nonce, Aad::from(context), &mut text).ok()?.len();
    text.truncate(length);
    Some(text)
}

fn cipher(key: &[u8; KEY]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key).expect("the cipher's keys have that length"))
}

/// Parts as bytes that no other parts give: each has its length before it.
pub(super) fn context(of: &str, parts: &[&[u8]]) -> Vec<u8> {
    let mut context = Vec::with_capacity(64);
    for part in std::iter::once(of.as_bytes()).chain(parts.iter().copied()) {
        context.extend((part.len() as u64).to_le_bytes());
        context.extend_from_slice(part);
    }
    context
}
