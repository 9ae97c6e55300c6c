//! Threads, sockets and names: the shell that runs the two planes.
