//! The bugs of `planted.txt`.

/// A bug: what the file says, and what it says with the bug.
pub(crate) struct Bug {
    pub(crate) title: String,
    pub(crate) file: String,
    right: String,
    wrong: String,
}

impl Bug {
    /// The source with the bug; it must say once what is to be right.
    pub(crate) fn planted(&self, source: &str) -> Result<String, String> {
        if source.matches(&self.right).count() != 1 {
            return Err(format!("{} does not say once:\n{}", self.file, self.right));
        }
        Ok(source.replace(&self.right, &self.wrong))
    }
}

/// All of them: a line `# title`, the file, then lines that begin with `-` and with `+`.
pub(crate) fn bugs() -> Vec<Bug> {
    let mut bugs: Vec<Bug> = Vec::new();
    for line in include_str!("planted.txt").lines() {
        if let Some(title) = line.strip_prefix("# ") {
            bugs.push(Bug {
                title: title.to_owned(),
                file: String::new(),
                right: String::new(),
                wrong: String::new(),
            });
        }
        let Some(bug) = bugs.last_mut() else { continue };
        if line.starts_with("src/") {
            bug.file = line.to_owned();
        } else if let Some(text) = line.strip_prefix('-') {
            bug.right += text;
            bug.right.push('\n');
        } else if let Some(text) = line.strip_prefix('+') {
            bug.wrong += text;
            bug.wrong.push('\n');
        }
    }
    bugs
}
