//! The codes, each with its status and its title.

use axum::http::StatusCode;

/// Makes [`Code`] of a line for each code: its name, the answer's status, its text, and the title of every problem with it.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident: $status:ident $text:literal $title:literal,)*) => {
        /// A code that scripts may rely on; its text never changes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// All of them, in the order of `host/docs/errors.md`.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The text: `event_not_found`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The status of the answer.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status,)* }
            }

            /// The same words for every problem with this code.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// The path's id is not an id of that kind.
    InvalidId: BAD_REQUEST "invalid_id" "Invalid id",
    /// A query parameter is unknown, repeated, or out of its range.
    InvalidQuery: BAD_REQUEST "invalid_query" "Invalid query parameter",
    /// The body is not the JSON that the route takes.
    InvalidBody: BAD_REQUEST "invalid_body" "Invalid body",
    /// The expression does not compile.
    InvalidFilter: UNPROCESSABLE_ENTITY "invalid_filter" "Invalid filter",
    /// The org has no such event.
    EventNotFound: NOT_FOUND "event_not_found" "No such event",
    /// The org has no such session.
    SessionNotFound: NOT_FOUND "session_not_found" "No such session",
    /// The session is owed already, or it succeeded.
    NotRetryable: CONFLICT "not_retryable" "The session cannot be retried",
    /// The event's payload is not there any more.
    PayloadNotKept: CONFLICT "payload_not_kept" "The payload is not kept",
    /// The session has ended: nothing is there to cancel.
    SessionEnded: CONFLICT "session_ended" "The session has ended",
    /// The session is owed, and no server has taken it over yet.
    SessionElsewhere: SERVICE_UNAVAILABLE "session_elsewhere" "The session is not taken over yet",
    /// The org has no deployment that serves.
    NothingDeployed: CONFLICT "nothing_deployed" "Nothing is deployed",
    /// The org has no such deployment.
    DeploymentNotFound: NOT_FOUND "deployment_not_found" "No such deployment",
    /// The deployment does not load any more.
    DeploymentBroken: CONFLICT "deployment_broken" "The deployment cannot run",
    /// No trigger of the deployment listens on the endpoint.
    NoListener: CONFLICT "no_listener" "No trigger listens",
    /// The trigger does not listen on the endpoint.
    TriggerNotFound: NOT_FOUND "trigger_not_found" "No such trigger",
    /// The request shows no token that is good.
    Unauthenticated: UNAUTHORIZED "unauthenticated" "Who asks is not known",
    /// The token is none that is good: it is malformed, or not signed by a key of its issuer.
    TokenInvalid: UNAUTHORIZED "token_invalid" "The token is not good",
    /// The token's time is over.
    TokenExpired: UNAUTHORIZED "token_expired" "The token's time is over",
    /// The token is for somebody else.
    TokenAudience: UNAUTHORIZED "token_audience" "The token is for another audience",
    /// The token is from somebody who is not believed here.
    TokenIssuer: UNAUTHORIZED "token_issuer" "The token is from another issuer",
    /// The issuer's keys are not to be had now.
    IssuerUnavailable: SERVICE_UNAVAILABLE "issuer_unavailable" "The issuer does not answer",
    /// Too many wrong tokens came from the address.
    TooManyAttempts: TOO_MANY_REQUESTS "too_many_attempts" "Too many wrong tokens",
    /// Who asks may not do this.
    Forbidden: FORBIDDEN "forbidden" "Not allowed",
    /// There is no such org, or it is none of theirs who ask.
    OrgNotFound: NOT_FOUND "org_not_found" "No such org",
    /// An org has the name.
    OrgExists: CONFLICT "org_exists" "The org is there already",
    /// The org has no such member.
    MemberNotFound: NOT_FOUND "member_not_found" "No such member",
    /// They are a member already.
    MemberExists: CONFLICT "member_exists" "The member is there already",
    /// The org has no such token.
    TokenNotFound: NOT_FOUND "token_not_found" "No such token",
    /// The org has no such project.
    ProjectNotFound: NOT_FOUND "project_not_found" "No such project",
    /// The org has a project of the name.
    ProjectExists: CONFLICT "project_exists" "The project is there already",
    /// The org has no such module.
    ModuleNotFound: NOT_FOUND "module_not_found" "No such module",
    /// A deployment that serves has the module.
    ModuleInUse: CONFLICT "module_in_use" "The module is in use",
    /// What was uploaded is no component that can be run.
    InvalidModule: UNPROCESSABLE_ENTITY "invalid_module" "The module cannot be run",
    /// The body has another digest than the path.
    DigestMismatch: UNPROCESSABLE_ENTITY "digest_mismatch" "Not the digest of the body",
    /// The module is larger than the org's may be.
    ModuleTooLarge: PAYLOAD_TOO_LARGE "module_too_large" "The module is too large",
    /// The org has as much as it may.
    QuotaExceeded: CONFLICT "quota_exceeded" "A quota is used up",
    /// The manifest or its modules have mistakes.
    InvalidManifest: UNPROCESSABLE_ENTITY "invalid_manifest" "The manifest has mistakes",
    /// What has the name is being removed.
    BeingRemoved: CONFLICT "being_removed" "It is being removed",
    /// The deployment cannot do that.
    NotPlaceable: CONFLICT "not_placeable" "The deployment cannot be placed so",
    /// The project has no such endpoint.
    EndpointNotFound: NOT_FOUND "endpoint_not_found" "No such endpoint",
    /// The project has no such variable.
    VarNotFound: NOT_FOUND "var_not_found" "No such variable",
    /// It was changed since the client looked.
    PreconditionFailed: PRECONDITION_FAILED "precondition_failed" "Changed meanwhile",
    /// The key named something else before.
    IdempotencyMismatch: UNPROCESSABLE_ENTITY "idempotency_mismatch" "The key named something else",
    /// No route has this path.
    UnknownRoute: NOT_FOUND "unknown_route" "No such route",
    /// The route exists, not for this method.
    MethodNotAllowed: METHOD_NOT_ALLOWED "method_not_allowed" "Method not allowed",
    /// The request does not come from this machine, or not straight from it.
    NotLocal: FORBIDDEN "not_local" "Only this machine may ask",
    /// The request is for a host name that is not this machine's own.
    ForeignHost: FORBIDDEN "foreign_host" "Not this machine's host name",
    /// A web page of another site asks.
    ForeignOrigin: FORBIDDEN "foreign_origin" "A page of another site may not ask",
    /// What is stored contradicts the request.
    Conflict: CONFLICT "conflict" "Conflict",
    /// Another node owns the work by now.
    LeaseLost: SERVICE_UNAVAILABLE "lease_lost" "Another node took over",
    /// The store cannot do it now.
    StoreUnavailable: SERVICE_UNAVAILABLE "store_unavailable" "The store is unavailable",
    /// What is stored cannot be read.
    StoreCorrupt: INTERNAL_SERVER_ERROR "store_corrupt" "The store is corrupt",
    /// The store failed otherwise.
    StoreFailed: INTERNAL_SERVER_ERROR "store_failed" "The store failed",
}
