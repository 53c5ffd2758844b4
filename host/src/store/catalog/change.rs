//! What is committed, and what came of it.

use super::{DeploymentRecord, Item};
use crate::event::Timestamp;
use crate::store::{Error, Result};

/// When a record was written last: commits are counted, over all orgs.
pub type Revision = u64;

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An org itself.
    Org,
    /// Somebody who may do something in an org.
    Member,
    /// An API token.
    Token,
    /// A project and which of its deployments serve.
    Project,
    /// A module that an org uploaded.
    Module,
    /// A slug and what it stands for.
    Endpoint,
    /// A variable or a secret.
    Var,
    /// What a request with an idempotency key was answered.
    Answer,
}

impl Kind {
    /// As it is kept.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Member => "member",
            Self::Token => "token",
            Self::Project => "project",
            Self::Module => "module",
            Self::Endpoint => "endpoint",
            Self::Var => "var",
            Self::Answer => "answer",
        }
    }
}

/// On what condition a record is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// On none.
    Anything,
    /// If it is not there.
    Absent,
    /// If it is there.
    Present,
    /// If it was written last at this revision.
    At(Revision),
}

/// A part of a commit.
#[derive(Clone, Debug)]
pub enum Change {
    /// Writes a record.
    Put {
        /// What it is.
        kind: Kind,
        /// By what it is found in its org.
        key: String,
        /// On what condition.
        expect: Expect,
        /// By what it is found without its org; unique within the kind.
        mark: Option<String>,
        /// From then on it may be removed.
        expires_at: Option<Timestamp>,
        /// JSON.
        body: String,
    },
    /// Removes a record.
    Remove {
        /// What it is.
        kind: Kind,
        /// By what it is found in its org.
        key: String,
        /// On what condition.
        expect: Expect,
    },
    /// Keeps a deployment. Which one serves is the project's record to say.
    Deploy(Box<DeploymentRecord>),
}

impl Change {
    /// Writes an item.
    ///
    /// # Errors
    /// [`Error::Backend`] when it cannot be written as JSON.
    pub fn put<T: Item>(item: &T, expect: Expect) -> Result<Self> {
        let body = serde_json::to_string(item).map_err(|err| Error::Backend(format!("writing JSON: {err}")))?;
        Ok(Self::Put { kind: T::KIND, key: item.key(), expect, mark: item.mark(), expires_at: item.expires_at(), body })
    }

    /// Removes the item with this key.
    pub fn remove<T: Item>(key: impl Into<String>, expect: Expect) -> Self {
        Self::Remove { kind: T::KIND, key: key.into(), expect }
    }
}

/// What came of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Committed {
    /// All of it is durable; the records that it wrote have this revision.
    Done(Revision),
    /// Nothing has changed: this part's condition does not hold.
    Refused(Refusal),
}

/// The first part of a commit whose condition does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What was to be changed.
    pub kind: Kind,
    /// Its key.
    pub key: String,
    /// Why it was not.
    pub why: Why,
}

/// Why a record is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It was to be absent, and is there.
    Exists,
    /// It was to be there, and is not.
    Missing,
    /// It was written since.
    Changed,
    /// Another record has its mark, in this org or in another.
    Taken,
}

impl Expect {
    /// The condition for who has read the record at `revision` and writes it anew: that it is there is not enough, since what was written
    /// in between would be lost.
    #[must_use]
    pub fn or_at(self, revision: Revision) -> Self {
        match self {
            Self::At(_) | Self::Absent => self,
            Self::Anything | Self::Present => Self::At(revision),
        }
    }

    /// Whether the condition holds for what is there.
    ///
    /// # Errors
    /// It does not.
    pub fn check(self, found: Option<Revision>) -> Result<(), Why> {
        match (self, found) {
            (Self::Anything, _) | (Self::Absent, None) | (Self::Present, Some(_)) => Ok(()),
            (Self::Absent, Some(_)) => Err(Why::Exists),
            (Self::Present | Self::At(_), None) => Err(Why::Missing),
            (Self::At(at), Some(found)) if at == found => Ok(()),
            (Self::At(_), Some(_)) => Err(Why::Changed),
        }
    }
}

/// A record as it was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// By what it is found in its org.
    pub key: String,
    /// When it was written last.
    pub revision: Revision,
    /// JSON.
    pub body: String,
    /// When it was used last, where that is noted.
    pub used_at: Option<Timestamp>,
}
