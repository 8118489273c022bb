//! The texts of the log, in pages: to keep one takes no memory of its own, and a whole page goes at once.
//!
//! What always holds here: places are given in the order of the pages, and a text can be read until one behind its page
//! is said to be the oldest.

use std::collections::VecDeque;

/// Bytes of a page, unless one text alone has more.
const PAGE: usize = 1 << 14;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Texts {
    pages: VecDeque<String>,
    /// The number of the first page.
    first: u32,
    /// An empty page, to be filled next.
    spare: String,
}

/// Where a text stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    page: u32,
    at: u32,
    len: u32,
}

impl Place {
    /// Bytes of the text.
    pub(super) fn len(self) -> usize {
        self.len as usize
    }
}

impl Texts {
    pub(super) fn keep(&mut self, text: &str) -> Place {
        let has_room = |page: &String| page.len() + text.len() <= PAGE;
        if !self.pages.back().is_some_and(has_room) {
            let mut page = std::mem::take(&mut self.spare);
            page.reserve_exact(PAGE.max(text.len()));
            self.pages.push_back(page);
        }
        let page = self.first.wrapping_add(self.pages.len() as u32 - 1);
        let at = self.pages.back().map_or(0, String::len);
        if let Some(page) = self.pages.back_mut() {
            page.push_str(text);
        }
        Place {
            page,
            at: at as u32,
            len: text.len() as u32,
        }
    }

    pub(super) fn text(&self, place: Place) -> &str {
        let page = self.pages.get(place.page.wrapping_sub(self.first) as usize);
        let (at, len) = (place.at as usize, place.len as usize);
        page.and_then(|page| page.get(at..at + len))
            .unwrap_or_default()
    }

    /// This is the oldest text that is kept.
    pub(super) fn forget_before(&mut self, oldest: Place) {
        while self.first != oldest.page
            && let Some(mut page) = self.pages.pop_front()
        {
            self.first = self.first.wrapping_add(1);
            page.clear();
            page.shrink_to(PAGE);
            self.spare = page;
        }
    }

    /// Bytes of the pages.
    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.pages.iter().map(String::capacity).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_can_be_read_until_they_are_forgotten_and_pages_are_used_again() {
        // Of all sizes, one of them larger than a page.
        let text = |number: usize| {
            "字".repeat(match number % 500 {
                499 => PAGE,
                rest => rest % 60,
            })
        };
        let mut texts = Texts {
            first: u32::MAX - 3,
            ..Texts::default()
        };
        let mut places = VecDeque::new();
        for number in 0..5000 {
            places.push_back(texts.keep(&text(number)));
            if places.len() > 1000 {
                places.pop_front();
                texts.forget_before(places[0]);
            }
            let oldest = number + 1 - places.len();
            for look in [oldest, (oldest + number) / 2, number] {
                assert_eq!(texts.text(places[look - oldest]), text(look));
            }
            let kept: usize = places.iter().map(|place| place.len()).sum();
            let held = texts.held();
            // Half a page is lost where the next text is no smaller than that, and the first may be nearly forgotten.
            assert!(held <= 2 * kept + 3 * PAGE, "{held} for {kept}");
            assert!(texts.spare.capacity() <= PAGE);
        }
    }
}
