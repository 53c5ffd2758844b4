//! Stands in for the trigger's `Call` until that module is listed.

/// `webhooks.py:on_http_get`: a module's name and a handler that it exports.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Call {
    /// The module's name in the manifest: `webhooks.py`.
    pub module: String,
    /// The function as the manifest writes it: `on_http_get`.
    pub function: String,
}

impl Call {
    /// The name of the component's export: `on-http-get`. Underscores are what WIT does not have.
    pub fn export(&self) -> String {
        self.function.replace('_', "-")
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.module, self.function)
    }
}
