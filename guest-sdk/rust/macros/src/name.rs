//! A handler's name: snake case in Rust, kebab case in the component.

/// `on_http_get` as `on-http-get`.
///
/// # Errors
/// The name has no such form; the text says why.
pub(crate) fn export(function: &str) -> Result<String, String> {
    for word in function.split('_') {
        let starts_well = word.starts_with(|first: char| first.is_ascii_lowercase());
        let goes_on_well = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        if !starts_well || !goes_on_well {
            return Err(format!(
                "a handler's name is lower-case words joined by single underscores, each starting with a letter, \
                 such as `on_http_get`: `{function}` cannot be the name of a component's export"
            ));
        }
    }
    Ok(function.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::export;

    #[test]
    fn a_name_becomes_kebab_case() {
        for (function, expected) in [("on_http_get", "on-http-get"), ("echo", "echo"), ("v2_on_push", "v2-on-push")] {
            assert_eq!(export(function).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn a_name_without_a_kebab_form_is_refused() {
        for function in ["_private", "on__get", "on_", "on_2fa", "onGet", "größe"] {
            let error = export(function).unwrap_err();
            assert!(error.contains(function), "{error}");
        }
    }
}
