// Command acd is the inbound engine: it runs it, and lets an operator look
// after its configuration, its roster and its surroundings.
package main

import "powerline/cmd/operator"

func main() { operator.Main("acd", newRoot) }
