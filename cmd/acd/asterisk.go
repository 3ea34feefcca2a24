package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	asteriskconfig "powerline/asterisk-config"
	"powerline/cmd/operator"
	"powerline/internal/config"
	"powerline/internal/postgres"
)

func newAsteriskConfig(s *shared) *cobra.Command {
	cmd := &cobra.Command{Use: "asterisk-config", Short: "Make Asterisk's files"}
	var out string
	render := &cobra.Command{
		Use:   "render --out DIR",
		Short: "Write every file that Asterisk needs, from configuration and roster",
		Long: operator.Long(`
			Renders pjsip.conf, extensions.conf, queues.conf and the others into a directory.
			The files hold secrets: they are written for their owner alone. Asterisk takes
			them over at its next reload; calls in progress are not touched.

			Examples:
			  acd asterisk-config render --out /etc/asterisk && asterisk -rx 'core reload'
			  acd asterisk-config render --out /tmp/new && diff -r /etc/asterisk /tmp/new`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" {
				return errors.New("where to? give --out DIR")
			}
			return s.render(cmd.Context(), out)
		},
	}
	render.Flags().StringVarP(&out, "out", "o", "", "directory to write into")
	_ = render.MarkFlagDirname("out")
	cmd.AddCommand(render)
	return cmd
}

func (s *shared) render(ctx context.Context, out string) error {
	return s.WithDB(ctx, func(c config.Config, db *postgres.DB) error {
		ari, err := config.Secret(c.Asterisk.ARI.PasswordFile)
		if err != nil {
			return err
		}
		ami, err := config.Secret(c.Asterisk.AMI.PasswordFile)
		if err != nil {
			return err
		}
		persons, _, err := db.Roster(ctx)
		if err != nil {
			return err
		}
		settings := c.Exchange(persons, ari, ami)
		files, err := asteriskconfig.Render(settings)
		if err != nil {
			return err
		}
		if err := asteriskconfig.Write(ctx, out, files); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%d files in %s: %d softphones, %d trunks, %d lines\n",
			len(files), out, len(settings.Agents), len(settings.Trunks), len(settings.Lines))
		return nil
	})
}
