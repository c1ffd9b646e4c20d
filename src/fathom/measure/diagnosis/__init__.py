"""From what was measured of one training to what is wrong with it, in words, and what to do."""

from fathom.measure.diagnosis.course import Course
from fathom.measure.diagnosis.findings import Diagnosis, Finding
from fathom.measure.diagnosis.judging import diagnosed

__all__ = ["Course", "Diagnosis", "Finding", "diagnosed"]
