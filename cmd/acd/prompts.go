package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"powerline/cmd/operator"
	"powerline/internal/check"
	"powerline/prompts"
)

func newPrompts(s *shared) *cobra.Command {
	cmd := &cobra.Command{Use: "prompts", Short: "Make and check what callers and agents hear"}
	cmd.AddCommand(newPromptsGenerate(s), newPromptsCheck(s))
	return cmd
}

type generateOpts struct{ espeak, sox, manifest string }

func newPromptsGenerate(s *shared) *cobra.Command {
	var o generateOpts
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Make every prompt that is not there yet",
		Long: operator.Long(`
			Speaks the texts of the manifest with espeak-ng into prompts.dir, one file for
			each prompt and language, and writes the waiting music into prompts.musicDir. A
			recording <language>/<id>.wav in prompts.overrideDir wins over the text. What is
			there already and has not changed is kept, so this may be run again at any time,
			beside a running engine.

			Examples:
			  acd prompts generate
			  acd prompts generate --espeak /opt/espeak-ng --sox /usr/bin/sox
			  acd prompts generate --manifest our-texts.yaml`),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return s.generatePrompts(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.espeak, "espeak", "espeak-ng", "program that speaks")
	cmd.Flags().StringVar(&o.sox, "sox", "sox", "program that converts sound")
	cmd.Flags().StringVar(&o.manifest, "manifest", "", "texts to speak (default: those that come with this program)")
	_ = cmd.MarkFlagFilename("manifest", "yaml", "yml")
	return cmd
}

func (s *shared) generatePrompts(ctx context.Context, o generateOpts) error {
	c, err := s.Load()
	if err != nil {
		return err
	}
	m := prompts.Default()
	if o.manifest != "" {
		text, err := os.ReadFile(o.manifest)
		if err != nil {
			return fmt.Errorf("read the manifest: %w", err)
		}
		if m, err = prompts.Parse(text); err != nil {
			return fmt.Errorf("%s: %w", o.manifest, err)
		}
	}
	report, err := prompts.Generate(ctx, m, c.Prompts.Dir, prompts.Tools{
		Espeak: []string{o.espeak}, Sox: []string{o.sox}, Recordings: c.Prompts.OverrideDir,
		Progress: func(made, of int) {
			if made%25 == 0 || made == of {
				fmt.Fprintf(s.Err, "%d of %d prompts made\n", made, of)
			}
		},
	})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Prompts.MusicDir, 0o755); err != nil {
		return fmt.Errorf("make the directory of the waiting music: %w", err)
	}
	if err := prompts.Music(c.Prompts.MusicDir); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s: %d made, %d kept, %d removed; %d of all are recordings\n", c.Prompts.Dir, report.Made, report.Kept, report.Removed, report.Recorded)
	return check.Prompts(c)
}

func newPromptsCheck(s *shared) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Is every prompt there, and short enough?",
		Long: operator.Long(`
			Looks for every prompt that the configuration needs, in each of prompts.languages,
			and measures those that must fit into a time. "acd serve" asks the same at its
			start and refuses to run without.

			Examples:
			  acd prompts check`),
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			c, err := s.Load()
			if err != nil {
				return err
			}
			if err := check.Prompts(c); err != nil {
				fmt.Fprintln(s.Out, err)
				return operator.ErrFindings
			}
			fmt.Fprintf(s.Out, "all prompts are in %s\n", c.Prompts.Dir)
			return nil
		},
	}
}
