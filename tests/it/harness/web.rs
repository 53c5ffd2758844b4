//! The client that tests ask with.

/// A client that trusts no authority, so that it needs none of the system's; it speaks HTTP in the clear.
pub(crate) fn client() -> reqwest::ClientBuilder {
    tenterhook_host::tls::install();
    reqwest::Client::builder().tls_certs_only([]).no_proxy()
}

/// The answer to a GET.
pub(crate) async fn get(url: &str) -> reqwest::Response {
    client().build().unwrap().get(url).send().await.unwrap()
}
