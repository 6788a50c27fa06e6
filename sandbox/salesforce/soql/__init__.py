"""SOQL: tokens, syntax tree, parser, date literals and the translation to SQL."""
