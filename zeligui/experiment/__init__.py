"""MCRE: an application kept in its contract: controller, reconfiguration, journal."""
