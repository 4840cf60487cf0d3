//! The file objects and the data of the registrations.

use select_sys::fd::AsFd;

use super::Selector;
use crate::backend::Backend;
use crate::token::{Lookup, Token};

impl<B: Backend, F: AsFd, D> Selector<B, F, D> {
    /// Returns the file object of a registration, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// A listener that the selector owns:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::net::TcpListener;
    ///
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(TcpListener::bind("127.0.0.1:0")?, Interest::READ, ())?;
    /// if let Some(listener) = selector.fileobj(token) {
    ///     println!("listening on {}", listener.local_addr()?);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn fileobj(&self, which: impl Lookup) -> Option<&F> {
        self.map.lookup(which.key()).map(|entry| &entry.fileobj)
    }

    /// Returns the file object of a registration, to change it, or `None` if `which` is not registered.
    ///
    /// As [`parts_mut`](Self::parts_mut), without the data.
    ///
    /// # Examples
    ///
    /// The output of a child process, which implements `Read` for `&mut` only:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::Read;
    /// use std::process::{Command, Stdio};
    ///
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let output = child.stdout.take().expect("it is piped");
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(output, Interest::READ, ())?;
    /// while selector.select(None)?.get(token).is_some() {
    ///     let Some(output) = selector.fileobj_mut(token) else { break };
    ///     let mut buffer = [0; 64];
    ///     match output.read(&mut buffer)? {
    ///         0 => break,
    ///         length => assert_eq!(&buffer[..length], b"hello\n"),
    ///     }
    /// }
    /// child.wait()?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn fileobj_mut(&mut self, which: impl Lookup) -> Option<&mut F> {
        Some(self.parts_mut(which)?.0)
    }

    /// Returns the data of a registration, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// A name for each connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, "Ann")?;
    /// assert_eq!(selector.data(token), Some(&"Ann"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn data(&self, which: impl Lookup) -> Option<&D> {
        self.map.lookup(which.key()).map(|entry| &entry.data)
    }

    /// Returns the data of a registration, to change it, or `None` if `which` is not registered.
    ///
    /// # Examples
    ///
    /// A counter for each connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, _b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let token = selector.register(a, Interest::READ, 0)?;
    /// if let Some(count) = selector.data_mut(token) {
    ///     *count += 1;
    /// }
    /// assert_eq!(selector.data(token), Some(&1));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn data_mut(&mut self, which: impl Lookup) -> Option<&mut D> {
        Some(self.parts(which)?.1)
    }

    /// Returns the file object and the data of a registration, or `None` if `which` is not registered.
    ///
    /// A loop over the ready keys starts with this: `None` means that the key was unregistered earlier in the loop.
    ///
    /// # Examples
    ///
    /// Read into the buffer of a connection:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, mut b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, vec![0; 64])?;
    /// b.write_all(b"hello")?;
    /// for (token, _) in &selector.select(None)? {
    ///     let Some((mut stream, buffer)) = selector.parts(token) else { continue };
    ///     let length = stream.read(buffer)?;
    ///     assert_eq!(&buffer[..length], b"hello");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    #[inline]
    pub fn parts(&mut self, which: impl Lookup) -> Option<(&F, &mut D)> {
        self.map.lookup_mut(which.key()).map(|entry| (&entry.fileobj, &mut entry.data))
    }

    /// Returns the file object and the data of a registration, both to change, or `None` if `which` is not registered.
    ///
    /// For objects whose methods take `&mut self`: pipes of child processes, TLS and WebSocket streams, readers with a
    /// buffer. (Data in such a buffer is invisible to the kernel. Read until it is empty.)
    ///
    /// The object must keep its descriptor. If it is replaced, for example with [`std::mem::swap`], only its own key
    /// suffers: changes fail with [`Error::InvalidFd`](crate::Error::InvalidFd), and `pause` and `unregister` succeed. To
    /// replace an object, unregister it and register the other one.
    ///
    /// # Examples
    ///
    /// A reader with a buffer, which implements `Read` for `&mut` only:
    ///
    /// ```
    /// use selectors::sys::fd::{AsFd, BorrowedFd};
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::{BufRead, BufReader, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// struct Lines(BufReader<UnixStream>);
    ///
    /// impl AsFd for Lines {
    ///     fn as_fd(&self) -> BorrowedFd<'_> {
    ///         self.0.get_ref().as_fd()
    ///     }
    /// }
    ///
    /// let (a, mut b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(Lines(BufReader::new(a)), Interest::READ, Vec::new())?;
    /// b.write_all(b"one\ntwo\n")?;
    /// for (token, _) in &selector.select(None)? {
    ///     let Some((Lines(reader), lines)) = selector.parts_mut(token) else { continue };
    ///     loop {
    ///         let mut line = String::new();
    ///         reader.read_line(&mut line)?;
    ///         lines.push(line);
    ///         if reader.buffer().is_empty() {
    ///             break;
    ///         }
    ///     }
    ///     assert_eq!(lines[..], ["one\n", "two\n"]);
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Portability
    ///
    /// The next wait on select, poll and `/dev/poll` reports a key whose object lends another descriptor, once, with an
    /// [`ERROR`](crate::Readiness::ERROR). A wait on epoll and kqueue does not notice: the kernel has the earlier file, and
    /// reports it, or nothing once it is closed. If it stays open elsewhere, the kernel still watches it after the key was
    /// unregistered, and waits may end early with an empty list until it is closed or registered again.
    #[must_use]
    #[inline]
    pub fn parts_mut(&mut self, which: impl Lookup) -> Option<(&mut F, &mut D)> {
        self.map.lookup_mut(which.key()).map(|entry| (&mut entry.fileobj, &mut entry.data))
    }

    /// Returns the file objects and the data of two registrations at once.
    ///
    /// Returns `None` if one of them is not registered, or if both are the same registration.
    ///
    /// # Examples
    ///
    /// The data of one side moves to the other:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// let a = selector.register(a, Interest::READ, vec![1, 2])?;
    /// let b = selector.register(b, Interest::READ, vec![3])?;
    /// if let Some(((_, from), (_, to))) = selector.disjoint_parts(a, b) {
    ///     to.append(from);
    /// }
    /// assert_eq!(selector.data(b), Some(&vec![3, 1, 2]));
    /// assert!(selector.disjoint_parts(a, a).is_none());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "a name for it would tell less")]
    #[must_use]
    pub fn disjoint_parts(&mut self, a: impl Lookup, b: impl Lookup) -> Option<((&F, &mut D), (&F, &mut D))> {
        let [a, b] = self.map.pair_mut(a.key(), b.key())?;
        Some(((&a.fileobj, &mut a.data), (&b.fileobj, &mut b.data)))
    }

    /// Returns the file objects and the data of two registrations at once, all to change.
    ///
    /// Returns `None` if one of them is not registered, or if both are the same registration. The objects must keep their
    /// descriptors, see [`parts_mut`](Self::parts_mut): do not swap them.
    ///
    /// # Examples
    ///
    /// Whatever one side sends goes to the other:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let ((near_a, mut a), (near_b, mut b)) = (UnixStream::pair()?, UnixStream::pair()?);
    /// let mut selector = DefaultSelector::new()?;
    /// let near_a = selector.register(near_a, Interest::READ, ())?;
    /// let near_b = selector.register(near_b, Interest::READ, ())?;
    /// a.write_all(b"hello")?;
    /// let mut buffer = [0; 64];
    /// if let Some(((from, _), (to, _))) = selector.disjoint_parts_mut(near_a, near_b) {
    ///     let length = from.read(&mut buffer)?;
    ///     to.write_all(&buffer[..length])?;
    /// }
    /// assert_eq!(b.read(&mut buffer)?, 5);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[expect(clippy::type_complexity, reason = "a name for it would tell less")]
    #[must_use]
    pub fn disjoint_parts_mut(
        &mut self,
        a: impl Lookup,
        b: impl Lookup,
    ) -> Option<((&mut F, &mut D), (&mut F, &mut D))> {
        let [a, b] = self.map.pair_mut(a.key(), b.key())?;
        Some(((&mut a.fileobj, &mut a.data), (&mut b.fileobj, &mut b.data)))
    }

    /// Iterates over all registrations, with their data to change, in no particular order.
    ///
    /// # Examples
    ///
    /// A message for everyone:
    ///
    /// ```
    /// use selectors::{DefaultSelector, Interest};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let mut selector = DefaultSelector::new()?;
    /// selector.register(a, Interest::READ, String::new())?;
    /// selector.register(b, Interest::READ, String::new())?;
    /// for (_token, _stream, unsent) in selector.iter_mut() {
    ///     unsent.push_str("The server is going down.\n");
    /// }
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (Token, &F, &mut D)> {
        self.map.iter_mut().map(|entry| (entry.token(), &entry.fileobj, &mut entry.data))
    }
}
