//! The operator's console: lines of stdin, announced or obeyed.

use super::screen::Screen;
use super::{Command, Shared, answers, bans, orders};
use crate::cli::{self, SERVER, Typed};
use crate::limits;
use crate::lines::Lines;
use crate::room::{Ban, Room, UserMap};
use crate::text::{Lang, screen::harmless_path, utterance};
use crossbeam_channel::bounded;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What the console needs; whoever else speaks for the operator holds one too.
#[derive(Clone)]
pub(super) struct Console {
    pub(super) shared: Arc<Shared>,
    pub(super) screen: Screen,
    pub(super) lang: Lang,
    /// Where the bans are kept, if anywhere.
    pub(super) bans: Option<PathBuf>,
}

/// The router is gone: something ended it.
#[derive(Debug)]
pub(super) struct Gone;

impl Console {
    /// Reads stdin until `/quit`. At its end the room serves on, until the process is ended from outside.
    pub(super) fn run(&self) {
        for line in Lines::new(std::io::stdin().lock()) {
            match self.typed(cli::typed(&line)) {
                Ok(true) => (),
                Ok(false) | Err(Gone) => return,
            }
        }
        log::info!("stdin has ended; the room serves on");
    }

    /// Does what was typed; false if nothing more is to be read.
    pub(super) fn typed(&self, typed: Typed<'_>) -> Result<bool, Gone> {
        match typed {
            Typed::Nothing => (),
            Typed::Command("say", "") => self.screen.complain(&orders::usage("say", self.lang)),
            Typed::Text(text) | Typed::Command("say", text) => self.announce(text)?,
            Typed::Command("quit", _) => {
                self.close()?;
                return Ok(false);
            }
            Typed::Command("help", _) => {
                self.screen.show(&answers::help(SERVER.verbs, self.lang));
            }
            Typed::Command(command, words) => self.obey(command, words)?,
        }
        Ok(true)
    }

    /// Says something to everyone.
    pub(super) fn announce(&self, text: &str) -> Result<(), Gone> {
        for part in utterance::split(text, limits::UTTERANCE_BYTES) {
            self.send(Command::Announce(part.to_owned()))?;
        }
        Ok(())
    }

    /// Closes the room.
    pub(super) fn close(&self) -> Result<(), Gone> {
        self.send(Command::Close)
    }

    fn obey(&self, command: &str, words: &str) -> Result<(), Gone> {
        let (answer_in, answers) = bounded(1);
        let typed = (command.to_owned(), words.to_owned());
        self.send(Command::Obey(typed.0, typed.1, self.lang, answer_in))?;
        let Some(answer) = answers.recv().map_err(|_| Gone)? else {
            self.screen
                .complain(&orders::unknown_command(command, self.lang));
            return Ok(());
        };
        self.screen.show(&answer.shown);
        if let Some(complaint) = answer.complaint {
            self.screen.complain(&complaint);
        }
        if let Some(bans) = answer.bans {
            self.keep(&bans);
        }
        Ok(())
    }

    /// Keeps the bans for the next start, where there is a file for them.
    fn keep(&self, bans: &[Ban]) {
        let Some(path) = &self.bans else {
            let told = self.lang.pick(
                "未指定 --bans FILE：禁令在服务器结束时失效",
                "no --bans FILE: bans end with the server",
            );
            return self.screen.complain(told);
        };
        if let Err(error) = bans::write(path, bans) {
            let (path, lang) = (harmless_path(path), self.lang);
            self.screen.complain(&lang.pick(
                format!("无法写入 --bans {path}：{error}；禁令在服务器结束时失效"),
                format!("cannot write --bans {path}: {error}; bans end with the server"),
            ));
        }
    }

    /// Has the router do something with the room, and waits for what comes of it.
    pub(super) fn ask<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Room, &mut UserMap, Duration) -> T + Send + 'static,
    ) -> Result<T, Gone> {
        ask(&self.shared, act)
    }

    fn send(&self, command: Command) -> Result<(), Gone> {
        self.shared.queue.command(command)
    }
}

/// See [`Console::ask`].
pub(super) fn ask<T: Send + 'static>(
    shared: &Shared,
    act: impl FnOnce(&mut Room, &mut UserMap, Duration) -> T + Send + 'static,
) -> Result<T, Gone> {
    let (answer_in, answers) = bounded(1);
    let act = Command::Do(Box::new(move |room, users, now| {
        // Whoever asked waits for nothing but this.
        let _ = answer_in.try_send(act(room, users, now));
    }));
    shared.queue.command(act)?;
    answers.recv().map_err(|_| Gone)
}
