// Package controlroom is an acd with the desks and consoles of those who work
// with it: the engine of package acd, and beside it, on a listener of its own,
// package console with all its rooms.
//
// What people see comes from the engine's mirror of the floor and is pushed when
// that changes; what they wish goes to the engine. The console can fail, hang or
// be flooded, and the engine goes on: they share a process and nothing else.
package controlroom
