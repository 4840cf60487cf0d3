//! Workloads over smol. Each prints a line: its name, and the time and the processor time of one operation, in nanoseconds.

use std::io;
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use smol::future::or;
use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use smol::net::{TcpListener, TcpStream};
use smol::{Async, LocalExecutor, Timer};

/// Longer than any read takes.
const LIMIT: Duration = Duration::from_secs(60);
const MESSAGES: usize = 40_000;
const TIMERS: usize = 20_000;
const CLIENTS: usize = 20;
const REQUESTS: usize = 1_000;
const BODY: usize = 1_000;

fn main() -> io::Result<()> {
    measure("1 pair", MESSAGES, || ping_pong(1, false))?;
    measure("1 pair, a limit for each read", MESSAGES, || ping_pong(1, true))?;
    measure("20 pairs", MESSAGES, || ping_pong(20, false))?;
    measure("20 pairs, a limit for each read", MESSAGES, || ping_pong(20, true))?;
    measure("20,000 timers, one after another", TIMERS, timers)?;
    measure("HTTP echo, 20 clients", CLIENTS * REQUESTS, http)
}

fn measure(name: &str, operations: usize, run: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    let (start, cpu) = (Instant::now(), processor_time());
    run()?;
    let each = |time: Duration| time.as_nanos() / operations as u128;
    println!("{name}\t{}\t{}", each(start.elapsed()), each(processor_time() - cpu));
    Ok(())
}

/// The processor time of all threads.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Reads one byte, perhaps with a time limit.
async fn read_byte(stream: &mut Async<UnixStream>, has_limit: bool) -> io::Result<()> {
    let read = async { stream.read_exact(&mut [0]).await };
    if !has_limit {
        return read.await;
    }
    let limit = async {
        Timer::after(LIMIT).await;
        Err(io::ErrorKind::TimedOut.into())
    };
    or(read, limit).await
}

/// Sends `MESSAGES` bytes to and fro, in as many pairs of tasks.
fn ping_pong(pairs: usize, has_limit: bool) -> io::Result<()> {
    let executor = LocalExecutor::new();
    let mut tasks = Vec::new();
    for _ in 0..pairs {
        let (a, b) = UnixStream::pair()?;
        let (mut a, mut b) = (Async::new(a)?, Async::new(b)?);
        tasks.push(executor.spawn(async move {
            for _ in 0..MESSAGES / pairs / 2 {
                a.write_all(b"x").await?;
                read_byte(&mut a, has_limit).await?;
            }
            Ok(())
        }));
        tasks.push(executor.spawn(async move {
            for _ in 0..MESSAGES / pairs / 2 {
                read_byte(&mut b, has_limit).await?;
                b.write_all(b"x").await?;
            }
            io::Result::Ok(())
        }));
    }
    smol::block_on(executor.run(async {
        for task in tasks {
            task.await?;
        }
        Ok(())
    }))
}

/// Waits for one short timer after the other.
fn timers() -> io::Result<()> {
    smol::block_on(async {
        for _ in 0..TIMERS {
            Timer::after(Duration::from_micros(20)).await;
        }
    });
    Ok(())
}

/// Sends requests with a body, which the server returns, over connections that stay open.
fn http() -> io::Result<()> {
    smol::block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = smol::spawn(async move {
            loop {
                smol::spawn(serve(listener.accept().await?.0)).detach();
            }
            #[allow(unreachable_code, reason = "it names the type of the result")]
            io::Result::Ok(())
        });
        let clients: Vec<_> = (0..CLIENTS).map(|_| smol::spawn(request(address))).collect();
        for client in clients {
            client.await?;
        }
        server.cancel().await.unwrap_or(Ok(()))
    })
}

async fn request(address: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let request = format!("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {BODY}\r\n\r\n{:BODY$}", "");
    for _ in 0..REQUESTS {
        stream.write_all(request.as_bytes()).await?;
        let body = read_message(&mut stream).await?;
        assert_eq!(body.map(|body| body.len()), Some(BODY));
    }
    Ok(())
}

async fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    while let Some(body) = read_message(&mut stream).await? {
        let mut response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
        response.extend(body);
        stream.write_all(&response).await?;
    }
    Ok(())
}

/// Reads a request or a response, and returns its body; `None` at the end of the stream.
async fn read_message(stream: &mut TcpStream) -> io::Result<Option<Vec<u8>>> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk).await?;
        if count == 0 {
            return Ok(None);
        }
        bytes.extend_from_slice(&chunk[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&bytes[..end]);
        let length =
            head.lines().find_map(|line| line.strip_prefix("Content-Length: ")?.parse::<usize>().ok());
        let body = end + 4;
        if bytes.len() - body >= length.unwrap_or(0) {
            return Ok(Some(bytes.split_off(body)));
        }
    }
}
