//! Reads records as what they are.

use async_trait::async_trait;

use super::{Catalog, Item, RecordQuery, Revision, Row};
use crate::event::{Org, Timestamp};
use crate::store::{Error, Page, Result};

/// An item as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept<T> {
    /// What it says.
    pub item: T,
    /// When it was written last.
    pub revision: Revision,
    /// When it was used last, where that is noted.
    pub used_at: Option<Timestamp>,
}

impl<T: Item> Kept<T> {
    /// What a row says.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it is not what its kind says.
    pub fn of(row: &Row) -> Result<Self> {
        let item = serde_json::from_str(&row.body);
        let item = item.map_err(|err| Error::Corrupt(format!("the {} `{}`: {err}", T::KIND.as_str(), row.key)))?;
        Ok(Self { item, revision: row.revision, used_at: row.used_at })
    }
}

/// Typed reading, for every catalog.
#[async_trait]
pub trait Items: Catalog {
    /// One item; none when the org has no such item.
    ///
    /// # Errors
    /// As [`Catalog::record`] and [`Kept::of`].
    async fn find<T: Item>(&self, org: &Org, key: &str) -> Result<Option<Kept<T>>> {
        self.record(org, T::KIND, key).await?.as_ref().map(Kept::of).transpose()
    }

    /// A page of items whose keys begin with `prefix`, in the order of their keys; `next` is the key to go on after.
    ///
    /// # Errors
    /// As [`Catalog::records`] and [`Kept::of`].
    async fn page<T: Item>(
        &self,
        org: &Org,
        prefix: &str,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page<Kept<T>, String>> {
        let query = RecordQuery { kind: T::KIND, prefix: prefix.to_owned(), after, limit: limit.saturating_add(1) };
        of_rows(&self.records(org, query).await?, limit)
    }

    /// All items whose keys begin with `prefix`: for what a quota bounds.
    ///
    /// # Errors
    /// As [`Items::page`].
    async fn all<T: Item>(&self, org: &Org, prefix: &str) -> Result<Vec<Kept<T>>> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.page(org, prefix, after, 500).await?;
            all.extend(page.records);
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// The item with this mark, and whose it is.
    ///
    /// # Errors
    /// As [`Catalog::marked`] and [`Kept::of`].
    async fn find_marked<T: Item>(&self, mark: &str) -> Result<Option<(Org, Kept<T>)>> {
        let found = self.marked(T::KIND, mark).await?;
        found.map(|(org, row)| Kept::of(&row).map(|kept| (org, kept))).transpose()
    }
}

impl<C: Catalog + ?Sized> Items for C {}

/// A page of rows of which one more was asked for than it may have.
pub(crate) fn of_rows<T: Item>(rows: &[Row], limit: u32) -> Result<Page<Kept<T>, String>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let next = (rows.len() > limit).then(|| rows.get(limit.saturating_sub(1)).map(|row| row.key.clone())).flatten();
    let records = rows.iter().take(limit).map(Kept::of).collect::<Result<_>>()?;
    Ok(Page { records, next })
}
