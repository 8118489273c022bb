//! The operator's console on a terminal: a line editor below, the room above it.

use super::Shared;
use super::console::{Console, ask};
use super::orders;
use super::signals;
use crate::cli::{self, SERVER, Typed};
use crate::editor::{Editor, Interrupt, Read, words};
use crate::room::{Room, UserMap, Whom};
use std::io::IsTerminal;
use std::sync::Arc;

/// The line editor, if stdin and stdout are a terminal that can be edited on.
pub(super) fn open(shared: &Arc<Shared>) -> Option<Editor> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return None;
    }
    let shared = shared.clone();
    let complete = move |line: &str, pos| complete(&shared, line, pos);
    Editor::open(Box::new(complete), Interrupt::Ends, "console")
}

fn complete(shared: &Shared, line: &str, pos: usize) -> (usize, Vec<String>) {
    words::complete(
        (line, pos),
        SERVER.verbs.iter().map(|verb| verb.name),
        |command| {
            let command = command.to_owned();
            let names = ask(shared, move |room, users, _| names(&command, room, users));
            names.unwrap_or_default()
        },
    )
}

/// Whom this command may be for, as it is to be told.
fn names(command: &str, room: &mut Room, users: &UserMap) -> Vec<String> {
    match command {
        "unban" => {
            let bans = room.bans().into_iter().map(|ban| match ban.whom {
                Whom::Name(name) => orders::written(command, &name),
                Whom::Address(address) => address.to_string(),
            });
            bans.collect()
        }
        "unmute" => {
            let mutes = room.mutes().into_iter();
            mutes.map(|(name, _)| name.to_string()).collect()
        }
        _ => {
            let names = users
                .iter()
                .map(|user| orders::written(command, &user.name));
            names.collect()
        }
    }
}

impl Console {
    /// Reads the terminal until `/quit`, or until Ctrl-C, which closes the room as the signal does. At the end of
    /// input (Ctrl-D) the room serves on.
    pub(super) fn edit(&self, editor: &mut Editor) {
        loop {
            match editor.read() {
                Read::Line(line) if self.entered(editor, &line) => (),
                Read::Line(_) => break,
                Read::Interrupted => {
                    // If the router is gone, there is nothing to close.
                    let _ = signals::close(self);
                    break;
                }
                Read::Ended => {
                    self.screen.complain(self.lang.pick(
                        "输入已结束，聊天室继续服务；Ctrl-C 关闭",
                        "the input has ended, the room serves on; Ctrl-C closes it",
                    ));
                    break;
                }
            }
        }
        editor.desk().printer.finish();
    }

    /// Does what a line says; false if nothing more is to be read.
    fn entered(&self, editor: &mut Editor, line: &str) -> bool {
        let typed = cli::read_line(line);
        if line.trim().is_empty() {
            editor.take_away(line);
            return true;
        }
        if matches!(typed, Typed::Text(_) | Typed::Command("say", _)) {
            // It is shown where the log has it. What commands come to is shown below them.
            editor.take_away(line);
        }
        editor.remember(line);
        matches!(self.typed(typed), Ok(true))
    }
}
