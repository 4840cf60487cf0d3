//! System calls with the same number on all of these systems, inherited from 4.4BSD.

use crate::call::calls;

calls! {
    read = 3 (fd, buffer, length);
    write = 4 (fd, buffer, length);
    open = 5 (path, flags, mode);
    close = 6 (fd);
    link = 9 (old, new);
    unlink = 10 (path);
    chdir = 12 (path);
    chmod = 15 (path, mode);
    getpid = 20 ();
    setuid = 23 (user);
    recvmsg = 27 (fd, message, flags);
    sendmsg = 28 (fd, message, flags);
    recvfrom = 29 (fd, buffer, length, flags, address, room);
    accept = 30 (fd, address, length);
    getpeername = 31 (fd, address, length);
    getsockname = 32 (fd, address, length);
    access = 33 (path, mode);
    getppid = 39 ();
    dup = 41 (fd);
    getgid = 47 ();
    ioctl = 54 (fd, request, argument);
    symlink = 57 (old, new);
    readlink = 58 (path, buffer, length);
    chroot = 61 (path);
    munmap = 73 (address, length);
    mprotect = 74 (address, length, protection);
    setpgid = 82 (process, group);
    dup2 = 90 (old, new);
    fcntl = 92 (fd, command, argument);
    fsync = 95 (fd);
    connect = 98 (fd, address, length);
    bind = 104 (fd, address, length);
    setsockopt = 105 (fd, level, name, value, length);
    listen = 106 (fd, backlog);
    getsockopt = 118 (fd, level, name, value, length);
    readv = 120 (fd, parts, count);
    writev = 121 (fd, parts, count);
    fchmod = 124 (fd, mode);
    rename = 128 (old, new);
    mkfifo = 132 (path, mode);
    sendto = 133 (fd, buffer, length, flags, address, room);
    shutdown = 134 (fd, how);
    socketpair = 135 (domain, kind, protocol, pair);
    mkdir = 136 (path, mode);
    rmdir = 137 (path);
    setsid = 147 ();
    setgid = 181 (group);
    getrlimit = 194 (resource, limit);
    setrlimit = 195 (resource, limit);
    sysctl = 202 (name, length, old, room, new, size);
    setgroups = 80 (count, groups);
}
