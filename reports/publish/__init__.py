"""Results for strangers to see: checked as a stranger's, without what is personal, ranked on one page."""
