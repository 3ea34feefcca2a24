package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/config"
)

func newConfig(s *shared) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Show and check the configuration"}
	cmd.AddCommand(
		&cobra.Command{
			Use:   "default",
			Short: "Print every key with its default and what it means",
			Long: operator.Long(`
			Prints a whole configuration: every key, its default, and one line on what it
			means. A file of your own needs only the keys that differ.

			Examples:
			  acd config default > /etc/powerline/acd.yaml
			  acd config default | grep -A5 '^redis:'`),
			Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				_, err := s.Out.Write(config.Marshal(config.Default()))
				return err
			},
		},
		&cobra.Command{
			Use:   "check [FILE]",
			Short: "Check a configuration file and say what is wrong with it",
			Long: operator.Long(`
			Reads a configuration as "acd serve" would and names every mistake with its line.
			It asks nobody else; "acd check" does.

			Examples:
			  acd config check
			  acd config check /tmp/new.yaml && systemctl reload acd`),
			Args: cobra.MaximumNArgs(1),
			RunE: func(_ *cobra.Command, args []string) error {
				path := s.ConfigPath
				if len(args) == 1 {
					path = args[0]
				}
				c, err := config.Load(path)
				if err != nil {
					return err
				}
				fmt.Fprintf(s.Out, "%s is good: %d lines, %d menus, %d categories, %d trunks\n",
					path, len(c.Lines), len(c.Menus), len(c.Categories), len(c.Asterisk.Trunks))
				return nil
			},
		},
	)
	return cmd
}
