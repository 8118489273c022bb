//! Signals: SIGTERM and SIGINT close the room in peace, SIGHUP has files opened anew and settings read again.

use super::console::{Console, Gone};
use super::{Threads, bans, discover};
use crate::cli::{self, Request, ServerOptions, UsageError};
use crate::editor::Editor;
use crossbeam_channel::{Receiver, Sender, bounded};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::thread;
use std::time::Duration;

/// Signals that come from now on wait for [`attend`].
pub(super) fn watch() -> Option<Signals> {
    Signals::new([SIGTERM, SIGINT, SIGHUP])
        .inspect_err(|error| log::warn!("cannot attend to signals: {error}"))
        .ok()
}

/// Signals and the console, each in a thread of its own, until the room has ended.
pub(super) fn attend(
    signals: Option<Signals>,
    (console, editor): (&Console, Option<Editor>),
    (options, again): (&ServerOptions, &Option<Sender<()>>),
    ended: &Receiver<()>,
    threads: &mut Threads,
) {
    let handle = signals.as_ref().map(Signals::handle);
    if let Some(mut signals) = signals {
        let (args, again, console) = (options.args.clone(), again.clone(), console.clone());
        threads.start("signals", move || {
            for signal in signals.forever() {
                let obeyed = match signal {
                    SIGHUP => reload(&console, &args, again.as_ref()),
                    _ => close(&console),
                };
                if let Err(Gone) = obeyed {
                    return;
                }
            }
        });
    }
    let (left_in, left) = bounded::<()>(0);
    let reader = thread::Builder::new().name("console".into()).spawn({
        let console = console.clone();
        move || {
            match editor {
                Some(mut editor) => console.edit(&mut editor),
                None => console.run(),
            }
            drop(left_in);
        }
    });
    // Nothing is ever sent: the router has ended when the channel is closed.
    let _ = ended.recv();
    if let Some(desk) = &console.screen.desk {
        desk.printer.hasten();
    }
    if let Some(handle) = handle {
        handle.close();
    }
    // Nothing can wake a thread from reading stdin: it ends with the process, unless it has left already.
    let has_left = left.recv_timeout(Duration::from_millis(100))
        == Err(crossbeam_channel::RecvTimeoutError::Disconnected);
    if let Ok(reader) = reader
        && has_left
    {
        threads.running.push(reader);
    }
}

/// Closes the room in peace.
pub(super) fn close(console: &Console) -> Result<(), Gone> {
    console.announce(
        console
            .lang
            .pick("聊天室即将关闭", "The room is about to close"),
    )?;
    console.close()
}

/// Files opened anew, settings read again. What is wrong leaves everything as it was.
fn reload(console: &Console, args: &[String], again: Option<&Sender<()>>) -> Result<(), Gone> {
    if let Some(again) = again {
        // If there is a word already, one is enough.
        let _ = again.try_send(());
    }
    let options = match cli::server_options(args.iter().cloned()) {
        Ok(Request::Run(options)) => options,
        Ok(Request::Print(_)) => return Ok(()),
        Err(UsageError(what)) => {
            console.screen.complain(&format!("chat-server: {what}"));
            return Ok(());
        }
    };
    apply(console, &options)?;
    let Some(path) = &options.bans else {
        return Ok(());
    };
    match bans::read(path) {
        Ok(bans) => {
            let why = console.lang.pick("已禁止进入", "banned");
            console.ask(move |room, users, now| room.set_bans(users, now, bans, why))?;
        }
        Err(what) => console
            .screen
            .complain(&format!("chat-server: --bans {what}")),
    }
    log::info!("settings are read again");
    Ok(())
}

fn apply(console: &Console, options: &ServerOptions) -> Result<(), Gone> {
    let config = options.config;
    let title = options.title.clone().unwrap_or_else(discover::machine);
    let title = options.discovery.then_some(title);
    console.ask(move |room, _, _| {
        room.set_config(config);
        room.set_title(title.as_deref());
    })
}
